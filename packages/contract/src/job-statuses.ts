export const jobStatuses = [
  'NotStarted',
  'Queued',
  'Preparing',
  'Starting',
  'Running',
  'Finalizing',
  'Completed',
  'Failed',
  'CancelRequested',
  'Canceled',
] as const
export type JobStatus = (typeof jobStatuses)[number]
export const terminalStatuses: readonly JobStatus[] = ['Completed', 'Failed', 'Canceled']

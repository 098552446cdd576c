import { type CommandJobSpec, retryReasons } from '@hagane/contract'
import type { CommandPlan } from '../model/plan.ts'

/** What the author allows to be run again. */
export function planRetry({ retry_settings }: Pick<CommandJobSpec, 'retry_settings'>): Pick<CommandPlan, 'retry'> {
  if (retry_settings === undefined) return {}
  const { max_retries: max, on = retryReasons, backoff_seconds: backoff } = retry_settings
  return { retry: { max, on, ...(backoff === undefined ? {} : { backoff }) } }
}

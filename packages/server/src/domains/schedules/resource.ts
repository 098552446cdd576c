import type { CatchUpPolicy, ScheduleResource, ScheduleRun, ScheduleTrigger } from '@hagane/contract'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { RunRow, ScheduleRow } from './tables.ts'

/** A schedule as the API shows it, in the words of `az ml schedule show`. */
export function toResource(row: ScheduleRow, last: RunRow | undefined): ScheduleResource {
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    ...(row.display_name === null ? {} : { display_name: row.display_name }),
    ...(row.description === null ? {} : { description: row.description }),
    tags: JSON.parse(row.tags),
    properties: JSON.parse(row.properties),
    trigger: JSON.parse(row.trigger_spec) as ScheduleTrigger,
    ...(row.action === 'job' ? { create_job: JSON.parse(row.job) } : { create_monitor: JSON.parse(row.job) }),
    catch_up: row.catch_up as CatchUpPolicy,
    is_enabled: row.is_enabled === 1,
    provisioning_state: 'Succeeded',
    ...(row.next_tick === null ? {} : { next_run_time: new Date(row.next_tick).toISOString() }),
    ...(last === undefined ? {} : { last_run: { time: last.time, ...resultOf(row, last) } }),
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

const resultOf = ({ action }: ScheduleRow, { job, error }: RunRow): { job?: string; run?: string; error?: string } => ({
  ...(job === null ? {} : action === 'job' ? { job } : { run: job }),
  ...(error === null ? {} : { error }),
})

export const toRun = (schedule: ScheduleRow, row: RunRow): ScheduleRun => ({
  time: row.time,
  kind: row.tick === null ? 'manual' : 'tick',
  outcome: row.outcome as ScheduleRun['outcome'],
  ...resultOf(schedule, row),
  at: row.at,
})

import type { MonitorResource, MonitorRun, OpenFinding } from '@hagane/contract'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { ScheduleRow } from '../schedules/index.ts'
import { runTags } from './outcome.ts'
import type { FindingRow, RunRow } from './tables.ts'

interface Around {
  open: number
  last: RunRow | undefined
  isDefault: boolean
}

/** A monitor as the API shows it, in the words of `az ml schedule show`. */
export function toResource(row: ScheduleRow, { open, last, isDefault }: Around): MonitorResource {
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    ...(row.display_name === null ? {} : { display_name: row.display_name }),
    ...(row.description === null ? {} : { description: row.description }),
    tags: JSON.parse(row.tags),
    properties: JSON.parse(row.properties),
    trigger: JSON.parse(row.trigger_spec),
    create_monitor: JSON.parse(row.job),
    catch_up: row.catch_up as MonitorResource['catch_up'],
    is_enabled: row.is_enabled === 1,
    is_default: isDefault,
    open_findings: open,
    ...(row.next_tick === null ? {} : { next_run_time: new Date(Number(row.next_tick)).toISOString() }),
    ...(last === undefined ? {} : { last_run: toRun(last) }),
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

export function toRun(row: Omit<RunRow, 'results'>): MonitorRun {
  const signals = JSON.parse(row.summary) as MonitorRun['signals']
  return {
    name: row.name,
    monitor: row.monitor,
    kind: row.kind,
    time: row.time,
    status: row.status,
    ...(row.result === null ? {} : { result: row.result }),
    ...(row.error === null ? {} : { error: row.error }),
    run_tags: runTags(signals),
    signals,
    created_at: row.created_at,
    ...(row.finished_at === null ? {} : { finished_at: row.finished_at }),
  }
}

export const toOpenFinding = (row: FindingRow): OpenFinding => ({
  ...JSON.parse(row.finding),
  since: row.since,
  run: row.run,
  last_seen: row.judged,
})

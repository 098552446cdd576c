import type { MonitorFinding, MonitorResource, MonitorRun, OpenFinding } from '@hagane/contract'
import type { Invocation } from '../invocation.ts'
import { warnPlaced } from '../manifest/places.ts'
import type { Column } from '../output/table.ts'

const targetOf = ({ create_monitor: { monitoring_target: target } }: MonitorResource): string | undefined =>
  target?.endpoint_deployment_id?.replace(/^azureml:/, '')

export const monitorColumns: readonly Column<MonitorResource>[] = [
  ['Name', monitor => monitor.name],
  ['Deployment', targetOf],
  ['Enabled', monitor => monitor.is_enabled],
  ['NextRun', monitor => monitor.next_run_time],
  ['LastRun', monitor => monitor.last_run?.time],
  ['Result', ({ last_run: last }) => last?.result ?? last?.status],
  ['Open', monitor => monitor.open_findings],
]

/** A monitor that was made or changed; what it names that is not there is warned of at its place in the file. */
export async function printChanged(call: Invocation, { warnings = [], ...monitor }: MonitorResource): Promise<void> {
  warnPlaced(call, warnings)
  await call.print(monitor, monitorColumns)
}

const briefly = ({ signals }: MonitorRun): string =>
  signals
    .map(({ signal, status, breached, reason }) =>
      status === 'not_judged'
        ? `${signal}: ${reason}`
        : `${signal}: ${status === 'breached' ? `${breached} beyond` : 'ok'}`,
    )
    .join('; ')

export const runColumns: readonly Column<MonitorRun>[] = [
  ['Name', run => run.name],
  ['Time', run => run.time],
  ['Status', run => run.status],
  ['Result', run => run.result],
  ['Signals', run => run.error ?? briefly(run)],
]

const number = (value: number | null | undefined): string | undefined =>
  value === undefined || value === null ? undefined : String(Number(value.toPrecision(6)))

const sliceOf = ({ slice, segment }: MonitorFinding): string | undefined =>
  segment ?? slice?.where.map(({ column, value }) => `${column} = ${value}`).join(' and ')

const measured: readonly Column<MonitorFinding>[] = [
  ['Signal', finding => finding.signal],
  ['Feature', finding => finding.feature],
  ['Metric', finding => finding.metric],
  ['Value', finding => number(finding.value) ?? finding.note],
  ['Threshold', finding => number(finding.threshold)],
]

export const findingColumns: readonly Column<OpenFinding>[] = [
  ...measured,
  ['Since', finding => finding.since],
  ['Slice', sliceOf],
  ['Rows', finding => finding.rows?.slice(0, 3).join(' ')],
]

export const metricColumns: readonly Column<MonitorFinding>[] = [
  ...measured,
  ['PValue', finding => number(finding.p_value)],
  ['Effect', finding => number(finding.effect_size)],
  ['Breached', finding => (finding.breached ? 'yes' : '')],
  ['Slice', sliceOf],
]

import type { MonitorFinding, SignalResult } from '@hagane/contract'

/** What was beyond its threshold before a run. */
export interface Open {
  readonly key: string
  readonly signal: string
  readonly finding: MonitorFinding
}

/** What a run changes of what is open. */
export interface Change {
  readonly signal: string
  /** Beyond their threshold now, and not before. */
  readonly opened: readonly MonitorFinding[]
  /** Beyond their threshold, before and now. */
  readonly stayed: readonly MonitorFinding[]
  /** Within their threshold again, or no longer looked at. */
  readonly closed: readonly Open[]
}

/** What a finding is known by: the same metric of the same feature is the same trouble. */
export const findingKey = (finding: MonitorFinding): string =>
  [finding.signal, finding.segment ?? '', finding.feature ?? '', finding.metric].map(encodeURIComponent).join('/')

/**
 * What the result of one signal changes. A signal that could not be judged changes nothing, and neither does a window that ends
 * before one that was judged already, as when runs overtake each other or the clock went back.
 */
export function changeOf(result: SignalResult, open: readonly Open[], judged: string | undefined): Change | undefined {
  if (result.status === 'not_judged' || result.window === undefined) return undefined
  if (judged !== undefined && result.window.end < judged) return undefined
  const before = new Map(open.filter(one => one.signal === result.signal).map(one => [one.key, one]))
  const breached = result.findings.filter(finding => finding.breached)
  const now = new Set(breached.map(findingKey))
  return {
    signal: result.signal,
    opened: breached.filter(finding => !before.has(findingKey(finding))),
    stayed: breached.filter(finding => before.has(findingKey(finding))),
    closed: [...before.values()].filter(one => !now.has(one.key)),
  }
}

/** The result of a run: breached when any signal is, and not judged when none could be. */
export function resultOf(results: readonly SignalResult[]): 'healthy' | 'breached' | 'not_judged' {
  if (results.some(one => one.status === 'breached')) return 'breached'
  return results.some(one => one.status === 'healthy') ? 'healthy' : 'not_judged'
}

/** Azure ML's tag of a run with a breach, which Event Grid filters are written for. */
export function runTags(results: readonly Pick<SignalResult, 'status' | 'signal'>[]): Record<string, string> {
  const breached = results.filter(one => one.status === 'breached').map(one => one.signal)
  if (breached.length === 0) return {}
  return {
    azureml_modelmonitor_threshold_breached: `${breached.join(', ')} has failed due to one or more features violating metric thresholds`,
  }
}

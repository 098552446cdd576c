import type { MonitorDefinition, ScheduleTrigger, SignalResult } from '@hagane/contract'
import type { Deployed } from '../needs.ts'
import type { PlannedSignal, Target } from '../plan.ts'
import type { Window } from '../windows.ts'

/** What is judged: a moment of a monitor. */
export interface Case {
  readonly workspace: string
  readonly monitor: string
  readonly run: string
  readonly moment: Date
  readonly trigger: ScheduleTrigger
  readonly task: NonNullable<MonitorDefinition['monitoring_target']>['ml_task']
  /** `azureml:<name>:<version>` of the model that is watched. */
  readonly model: string | undefined
  readonly target: Target | undefined
  /** undefined where the deployment is gone, or never was. */
  readonly deployed: Deployed | undefined
}

export const windowOf = ({ start, end }: Window) => ({ start: start.toISOString(), end: end.toISOString() })

/** A signal that could not be judged, and why. */
export const notJudged = (
  { name, signal }: PlannedSignal,
  reason: string,
  more: Partial<SignalResult> = {},
): SignalResult => ({
  ...{ signal: name, type: signal.type, status: 'not_judged', reason, notes: [], findings: [] },
  ...more,
})

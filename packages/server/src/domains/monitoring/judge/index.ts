import type { SignalResult } from '@hagane/contract'
import type { MonitoringNeeds } from '../needs.ts'
import type { PlannedSignal } from '../plan.ts'
import { type Case, notJudged } from './case.ts'

export type { Case } from './case.ts'

/** Judges one signal of a moment. Throws what is wrong with its data or its definition. */
export async function judge(
  _needs: MonitoringNeeds,
  _about: Case,
  planned: PlannedSignal,
  _signal: AbortSignal,
): Promise<SignalResult> {
  return notJudged(planned, `this server cannot judge signals of type ${planned.signal.type} yet`)
}

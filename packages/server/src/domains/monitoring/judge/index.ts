import type { MonitorSignal, SignalResult } from '@hagane/contract'
import type { PlannedSignal } from '../plan.ts'
import { judgeAttribution } from './attribution.ts'
import type { Bench } from './bench.ts'
import { notJudged } from './case.ts'
import { judgeCustom } from './custom.ts'
import { judgeDrift } from './drift.ts'
import { judgeEstimated } from './estimated.ts'
import { judgeMultivariate } from './multivariate.ts'
import { judgePerformance } from './performance.ts'
import { judgeQuality } from './quality.ts'

export { type Bench, openBench } from './bench.ts'
export { type Case, notJudged } from './case.ts'

/** Judges one signal of a moment. Throws what is wrong with its data or its definition. */
export function judge(bench: Bench, { name, signal }: PlannedSignal): Promise<SignalResult> {
  switch (signal.type) {
    case 'data_drift':
    case 'prediction_drift':
      return judgeDrift(bench, { name, signal })
    case 'data_quality':
      return judgeQuality(bench, { name, signal })
    case 'feature_attribution_drift':
      return judgeAttribution(bench, { name, signal })
    case 'model_performance':
      return judgePerformance(bench, { name, signal })
    case 'estimated_performance':
      return judgeEstimated(bench, { name, signal })
    case 'multivariate_drift':
      return judgeMultivariate(bench, { name, signal })
    case 'custom':
      return judgeCustom(bench, { name, signal })
    default:
      return Promise.resolve(unknown({ name, signal }))
  }
}

const unknown = (planned: PlannedSignal<MonitorSignal>): SignalResult =>
  notJudged(planned, `signals of type ${planned.signal.type} are not judged by this server`)

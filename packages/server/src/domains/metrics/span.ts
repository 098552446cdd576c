import { HaganeError, type MetricResolution, metricResolutions } from '@hagane/contract'

/** Seconds that figures of each resolution are kept. */
export type Retention = Record<MetricResolution, number>

export interface Span {
  resolution: MetricResolution
  /** Epoch seconds, multiples of the resolution. */
  from: number
  to: number
  /** Seconds, a multiple of the resolution. */
  step: number
}

const steps = [10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800]
const wantedSteps = 120
const mostSteps = 2000
const mostStretches = 4000

const invalid = (message: string, hint: string): HaganeError => new HaganeError('invalid', message, { hint })

/**
 * Which kept figures a question is answered from: the finest that are still there and not too many, or that a step which
 * is asked for is made of. Times are epoch seconds. Throws invalid when the times or the step cannot be.
 */
export function spanOf(
  asked: { since: number; until: number; step?: number | undefined },
  now: number,
  retention: Retention,
): Span {
  const { since, until, step } = asked
  if (since >= until) throw invalid('since must be before until', 'leave until away for now, or give an earlier since')
  const kept = metricResolutions.filter(one => one === 3600 || since >= now - retention[one])
  const fitting = kept.filter(one => step === undefined || (step >= one && step % one === 0))
  const [finest = 3600] = kept
  if (fitting.length === 0)
    throw invalid(
      `step must be a multiple of ${finest}s for a time that long ago, found ${step}s`,
      `figures of ${finest} seconds are the finest that are kept that long`,
    )
  const resolution = fitting.find(one => (until - since) / one <= mostStretches) ?? (fitting.at(-1) as MetricResolution)
  const from = Math.floor(since / resolution) * resolution
  const to = Math.ceil(until / resolution) * resolution
  const chosen = step ?? autoStep(to - from, resolution)
  if ((to - from) / chosen > mostSteps || (to - from) / resolution > 5 * mostStretches)
    throw invalid(
      `a step of ${chosen}s makes ${Math.ceil((to - from) / chosen)} of them`,
      `at most ${mostSteps}: choose a longer step or a shorter time`,
    )
  return { resolution, from, to, step: chosen }
}

function autoStep(seconds: number, resolution: number): number {
  const wanted = Math.max(resolution, seconds / wantedSteps)
  return steps.find(one => one >= wanted && one % resolution === 0) ?? Math.ceil(wanted / 604_800) * 604_800
}

import type { Analysis, Measured, Outcome, PlannedMetric, Tally } from './types.ts'

/** An analysis in which nothing was measured yet. */
export const beginAnalysis = (metrics: readonly PlannedMetric[], now: number): Analysis => ({
  startedAt: now,
  tallies: Object.fromEntries(
    metrics.map(({ name, initialDelayMs }) => [
      name,
      { measured: 0, failed: 0, inconclusive: 0, errorsInRow: 0, nextAt: now + initialDelayMs },
    ]),
  ),
})

/** Metrics that are due and have no outcome yet. */
export const dueIn = (analysis: Analysis, metrics: readonly PlannedMetric[], now: number): PlannedMetric[] =>
  metrics.filter(({ name }) => {
    const tally = analysis.tallies[name]
    return tally !== undefined && tally.outcome === undefined && tally.nextAt <= now
  })

/** When the next metric of an analysis is due; undefined when all have an outcome. */
export function nextDue({ tallies }: Analysis): number | undefined {
  const open = Object.values(tallies).filter(tally => tally.outcome === undefined)
  return open.length === 0 ? undefined : Math.min(...open.map(tally => tally.nextAt))
}

/**
 * The tally after a measurement, by the rules of Argo Rollouts' AnalysisRun: a metric fails with more failures than its
 * failureLimit, is inconclusive with more inconclusive measurements than its inconclusiveLimit, in error after more errors in
 * a row than its consecutiveErrorLimit, and successful when it was measured `count` times. Waiting counts for nothing.
 */
export function counted(before: Tally, metric: PlannedMetric, { phase, message }: Measured, now: number): Tally {
  const { message: _, ...rest } = before
  const tally: Tally = { ...rest, nextAt: now + metric.intervalMs, ...(message === undefined ? {} : { message }) }
  if (phase === 'Waiting') return tally
  if (phase === 'Error') {
    tally.errorsInRow += 1
    return tally.errorsInRow > metric.consecutiveErrorLimit ? { ...tally, outcome: 'Error' } : tally
  }
  tally.errorsInRow = 0
  tally.measured += 1
  if (phase === 'Failed') tally.failed += 1
  if (phase === 'Inconclusive') tally.inconclusive += 1
  const outcome = outcomeOf(tally, metric)
  return outcome === undefined ? tally : { ...tally, outcome }
}

function outcomeOf(tally: Tally, metric: PlannedMetric): Outcome | undefined {
  if (tally.failed > metric.failureLimit) return 'Failed'
  if (tally.inconclusive > metric.inconclusiveLimit) return 'Inconclusive'
  return metric.count !== undefined && tally.measured >= metric.count ? 'Successful' : undefined
}

/** What became of an analysis: a failure ends it at once, everything else when all metrics have an outcome. */
export function outcomeOfAnalysis({
  tallies,
}: Analysis): { outcome: Outcome; metric: string; message?: string } | undefined {
  const all = Object.entries(tallies)
  for (const wanted of ['Failed', 'Error'] as const) {
    const found = all.find(([, tally]) => tally.outcome === wanted)
    if (found !== undefined) return said(wanted, found)
  }
  const open = all.some(([, tally]) => tally.outcome === undefined)
  const inconclusive = all.find(([, tally]) => tally.outcome === 'Inconclusive')
  if (inconclusive !== undefined && !all.some(([, tally]) => tally.outcome === undefined && tally.measured === 0))
    return said('Inconclusive', inconclusive)
  const first = all[0]
  return open || first === undefined ? undefined : said('Successful', first)
}

const said = (outcome: Outcome, [metric, { message }]: [string, Tally]) => ({
  outcome,
  metric,
  ...(message === undefined ? {} : { message }),
})

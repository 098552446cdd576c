import type { MetricProvider } from '@hagane/contract'
import type { RolloutNeeds } from './needs.ts'
import { distributionOf, labelScoreOf } from './outputs.ts'
import { percentile } from './statistics.ts'
import type { Found, Scope } from './types.ts'

/** Measures one metric. Throws what the source of the numbers throws. */
export function measure(
  needs: RolloutNeeds,
  scope: Scope,
  provider: MetricProvider,
  signal: AbortSignal,
): Promise<Found> {
  if (provider.disagreement !== undefined) return disagreement(needs, scope, provider.disagreement.tolerance, signal)
  if (provider.prediction_distribution !== undefined)
    return distributionOf(needs, scope, provider.prediction_distribution, signal)
  if (provider.label_score !== undefined) return labelScoreOf(needs, scope, provider.label_score, signal)
  return operating(needs, scope, provider)
}

/** Numbers from the records that the gateway keeps of every answer. */
async function operating({ endpoints }: RolloutNeeds, scope: Scope, provider: MetricProvider): Promise<Found> {
  const of = async (deployment: string) => {
    const { requests, statuses, latencies } = await endpoints.operating(
      scope.workspace,
      scope.endpoint,
      deployment,
      scope,
    )
    if (provider.request_count !== undefined) return { value: requests, requests }
    if (requests === 0) return { value: null, requests }
    if (provider.latency !== undefined) return { value: percentile(latencies, provider.latency.percentile), requests }
    const from = provider.error_rate?.from_status ?? 500
    const errors = Object.entries(statuses).reduce((sum, [status, n]) => sum + (Number(status) >= from ? n : 0), 0)
    return { value: errors / requests, requests }
  }
  const [candidate, stable] = [await of(scope.candidate), await of(scope.stable)]
  return { result: candidate.value, stable: stable.value, count: candidate.requests }
}

async function disagreement(needs: RolloutNeeds, scope: Scope, tolerance: number, signal: AbortSignal): Promise<Found> {
  const { workspace, endpoint, candidate, stable } = scope
  const period = { since: new Date(scope.since).toISOString(), until: new Date(scope.until).toISOString() }
  const asked = { ...period, live: stable, shadow: candidate, tolerance, worst: 0 }
  const { agreement, compared } = await needs.questions.compare({ workspace, endpoint }, asked, signal)
  const result = agreement === undefined ? null : 1 - agreement
  return { result, stable: null, count: compared, ...(result === null ? { message: 'no mirrored rows yet' } : {}) }
}

import { HaganeError, type RolloutSpec } from '@hagane/contract'
import type { Who } from '../../kernel/db/index.ts'
import { metricsOf } from './advance.ts'
import type { Known } from './keep.ts'
import { measure } from './measure.ts'
import type { RolloutNeeds } from './needs.ts'
import type { RolloutRow } from './tables.ts'
import { dueIn } from './tally.ts'
import {
  type AnalysisPlace,
  DEPLOYING,
  type Facts,
  type Measured,
  type Plan,
  type PlannedMetric,
  type RolloutState,
  type Step,
} from './types.ts'
import { verdictOf } from './verdict.ts'

/** Finds out what a rollout has to know at this moment: whether its candidate serves, and what its metrics that are due say. */
export async function gather(
  needs: RolloutNeeds,
  row: RolloutRow,
  plan: Plan,
  state: RolloutState,
  now: number,
  signal: AbortSignal,
): Promise<Facts & Known> {
  const standing = await needs.endpoints.steering.standing(row.workspace, row.endpoint, row.candidate)
  const { promotion } = JSON.parse(row.spec) as RolloutSpec
  const known = { model: standing?.model }
  if (state.phase === 'Progressing' && state.step === DEPLOYING) {
    const isRegistered = /^azureml:[^:/]+:[^:/]+$/.test(standing?.model ?? '')
    const noAlias = standing?.ready === true && promotion.alias !== undefined && !isRegistered
    return { ...known, measured: [], deployment: noAlias ? cannotBeNamed(promotion.alias) : deploymentFacts(standing) }
  }
  const step = plan.steps[state.step]
  if (state.phase === 'Progressing' && step?.kind === 'gate' && state.entered) {
    const background = await takeAll(needs, row, plan, state, 'background', now, signal)
    return { ...known, measured: background, ...(await gateFacts(needs, row, state, step, standing)) }
  }
  const measured = [
    ...(state.phase === 'Progressing' ? await takeAll(needs, row, plan, state, 'step', now, signal) : []),
    ...(await takeAll(needs, row, plan, state, 'background', now, signal)),
  ]
  return { ...known, measured }
}

type Standing = Awaited<ReturnType<RolloutNeeds['endpoints']['steering']['standing']>>

function deploymentFacts(standing: Standing): NonNullable<Facts['deployment']> {
  if (standing === undefined) return { state: 'failed', message: 'the deployment is gone' }
  if (standing.state === 'Failed') return { state: 'failed', message: standing.message ?? 'see its log' }
  return { state: standing.ready ? 'ready' : 'waiting' }
}

/** The gate is run once for each time that this step is asked to measure; until it has decided nothing is known. */
async function gateFacts(
  needs: RolloutNeeds,
  row: RolloutRow,
  { attempt, step, round }: RolloutState,
  { gate, champion }: Extract<Step, { kind: 'gate' }>,
  standing: Standing,
): Promise<Pick<Facts, 'gate'>> {
  const failed = (message: string) => ({ gate: { result: 'inconclusive' as const, message } })
  const stable = await needs.endpoints.steering.standing(row.workspace, row.endpoint, row.stable)
  if (standing?.model === undefined) return failed(`gate ${gate}: the candidate has no model`)
  const beside = champion ?? stable?.model
  const asked = { gate, candidate: standing.model, ...(beside === undefined ? {} : { champion: beside }) }
  try {
    const key = `rollout/${row.id}/${attempt}/${step}/${round}`
    const run = await needs.gates.run(whoOf(row), { ...asked, idempotency: key })
    const found = await needs.gates.find(row.workspace, run)
    if (found === undefined || found.status === 'Running') return {}
    return {
      gate: { result: found.result ?? 'inconclusive', message: `gate ${gate}: ${found.message ?? ''} (run ${run})` },
    }
  } catch (error) {
    if (error instanceof HaganeError && !['internal', 'unavailable', 'timeout'].includes(error.kind))
      return failed(`gate ${gate}: ${error.message}`)
    throw error
  }
}

/** On whose behalf a rollout acts. */
export const whoOf = (row: RolloutRow): Who => ({
  workspace: row.workspace,
  actor: `rollout:${row.name}`,
  ...(row.correlation === null ? {} : { correlation: row.correlation }),
})

const cannotBeNamed = (alias: string | undefined): NonNullable<Facts['deployment']> => ({
  state: 'failed',
  message: `its model is not a registered one, which could get the alias ${alias}`,
})

async function takeAll(
  needs: RolloutNeeds,
  row: RolloutRow,
  plan: Plan,
  state: RolloutState,
  place: AnalysisPlace,
  now: number,
  signal: AbortSignal,
): Promise<Measured[]> {
  const analysis = place === 'step' ? state.analysis : state.background
  if (analysis === undefined) return []
  const due = dueIn(analysis, metricsOf(plan, state, place), now)
  return Promise.all(due.map(metric => take(needs, row, metric, place, analysis.startedAt, now, signal)))
}

async function take(
  needs: RolloutNeeds,
  row: RolloutRow,
  metric: PlannedMetric,
  place: AnalysisPlace,
  startedAt: number,
  now: number,
  signal: AbortSignal,
): Promise<Measured> {
  const since = metric.windowMs === undefined ? startedAt : Math.max(startedAt, now - metric.windowMs)
  const { workspace, endpoint, candidate, stable } = row
  const of = { place, metric: metric.name }
  try {
    const found = await measure(
      needs,
      { workspace, endpoint, candidate, stable, since, until: now },
      metric.provider,
      signal,
    )
    const { result, stable: ofStable, count } = found
    return { ...of, ...verdictOf(metric, found), result, stable: ofStable, count }
  } catch (error) {
    if (signal.aborted) throw error
    if (!(error instanceof HaganeError))
      needs.log.error({ err: error, rollout: row.name }, 'a metric could not be measured')
    const message =
      error instanceof HaganeError ? error.message : 'the server failed to measure it; its log has the reason'
    return { ...of, phase: 'Error', result: null, stable: null, count: 0, message }
  }
}

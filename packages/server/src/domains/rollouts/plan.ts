import {
  type AnalysisMetric,
  HaganeError,
  type RolloutSpec,
  type RolloutStep,
  secondsOfDuration,
} from '@hagane/contract'
import { compileCondition } from '../../kernel/conditions.ts'
import type { Plan, PlannedMetric, Step } from './types.ts'

const msOf = (duration: string): number => secondsOfDuration(duration) * 1000

/** A rollout's strategy as steps; blue/green, shadow and A/B are canaries of a certain shape. */
export function planOf(spec: RolloutSpec): Plan {
  const { canary } = spec.strategy
  const { analysis } = canary ?? {}
  return {
    steps: stepsOf(spec),
    ...(analysis === undefined
      ? {}
      : { background: { startingStep: analysis.startingStep, metrics: analysis.metrics.map(endless) } }),
    deadlineMs: spec.progressDeadlineSeconds * 1000,
    deadlineAborts: spec.progressDeadlineAbort,
  }
}

function stepsOf({ strategy: { canary, blueGreen, shadow, abTest }, approvers }: RolloutSpec): Step[] {
  if (canary !== undefined) return canary.steps.map(step => stepOf(step, approvers))
  if (blueGreen !== undefined) {
    const { previewMirror, prePromotionAnalysis, postPromotionAnalysis } = blueGreen
    return [
      ...(previewMirror === undefined ? [] : [{ kind: 'mirror', percentage: previewMirror } as const]),
      ...analysisSteps(prePromotionAnalysis?.metrics),
      ...waits(blueGreen, approvers),
      { kind: 'weight', weight: 100 },
      ...analysisSteps(postPromotionAnalysis?.metrics),
    ]
  }
  if (shadow !== undefined)
    return [
      { kind: 'mirror', percentage: shadow.percentage },
      ...analysisSteps(shadow.analysis.metrics),
      ...waits(shadow, approvers),
    ]
  const { weight, analysis } = abTest ?? { weight: 0, analysis: undefined }
  return [{ kind: 'weight', weight }, ...analysisSteps(analysis?.metrics), ...waits(abTest ?? {}, approvers)]
}

const analysisSteps = (metrics: readonly AnalysisMetric[] | undefined): Step[] =>
  metrics === undefined ? [] : [{ kind: 'analysis', metrics: metrics.map(counted) }]

function waits(
  said: { autoPromotionEnabled?: boolean | undefined; autoPromotionSeconds?: number | undefined },
  approvers: string[] | undefined,
): Step[] {
  if (said.autoPromotionEnabled === false) return [approval(approvers)]
  return said.autoPromotionSeconds === undefined ? [] : [{ kind: 'pause', ms: said.autoPromotionSeconds * 1000 }]
}

const approval = (approvers: string[] | undefined): Step => ({
  kind: 'pause',
  ...(approvers === undefined ? {} : { approvers }),
})

function stepOf(step: RolloutStep, approvers: string[] | undefined): Step {
  const { setWeight, setMirror, pause, analysis, gate } = step
  if (setWeight !== undefined) return { kind: 'weight', weight: setWeight }
  if (setMirror !== undefined) return { kind: 'mirror', percentage: setMirror.percentage }
  if (analysis !== undefined) return { kind: 'analysis', metrics: analysis.metrics.map(counted) }
  if (gate !== undefined) return { kind: 'gate', gate: gate.name, champion: gate.champion }
  if (pause?.duration !== undefined) return { kind: 'pause', ms: msOf(pause.duration) }
  return approval(pause?.approvers ?? approvers)
}

const endless = (metric: AnalysisMetric): PlannedMetric => plannedMetric(metric, metric.count)
const counted = (metric: AnalysisMetric): PlannedMetric => plannedMetric(metric, metric.count ?? 1)

const plannedMetric = (metric: AnalysisMetric, count: number | undefined): PlannedMetric => ({
  name: metric.name,
  provider: metric.provider,
  successCondition: metric.successCondition,
  failureCondition: metric.failureCondition,
  intervalMs: Math.max(1000, msOf(metric.interval)),
  count,
  failureLimit: metric.failureLimit,
  inconclusiveLimit: metric.inconclusiveLimit,
  consecutiveErrorLimit: metric.consecutiveErrorLimit,
  initialDelayMs: metric.initialDelay === undefined ? 0 : msOf(metric.initialDelay),
  windowMs: metric.window === undefined ? undefined : Math.max(1000, msOf(metric.window)),
  minimum: metric.minimum,
})

/** Throws `invalid` with the place of a condition that is none, unless it is not known yet. */
export function checkConditions({ strategy }: RolloutSpec, isOpen: (text: string) => boolean = () => false): void {
  for (const [place, metrics] of metricLists(strategy))
    for (const [i, metric] of metrics.entries())
      for (const which of ['successCondition', 'failureCondition'] as const) {
        const text = metric[which]
        if (text !== undefined && !isOpen(text)) checkCondition(text, `strategy.${place}.metrics.${i}.${which}`)
      }
}

/** Tries it on numbers as a measurement has them: what cannot be told of these never can. */
function checkCondition(text: string, property: string): void {
  const told = compileCondition(text, property)({ result: 0.5, stable: 0.5, count: 1.5 })
  if ('holds' in told) return
  throw new HaganeError('invalid', `${property} cannot be told: ${told.problem}`, {
    details: [{ property, message: told.problem, sent: text, allowed: 'a condition over result, stable and count' }],
    hint: 'they are decimal numbers, and so are those they are reckoned with: stable * 2.0, not stable * 2',
  })
}

function metricLists({ canary, blueGreen, shadow, abTest }: RolloutSpec['strategy']) {
  const lists: [string, readonly AnalysisMetric[] | undefined][] = [
    ['canary.analysis', canary?.analysis?.metrics],
    ...(canary?.steps ?? []).map((step, i): [string, AnalysisMetric[] | undefined] => [
      `canary.steps.${i}.analysis`,
      step.analysis?.metrics,
    ]),
    ['blueGreen.prePromotionAnalysis', blueGreen?.prePromotionAnalysis?.metrics],
    ['blueGreen.postPromotionAnalysis', blueGreen?.postPromotionAnalysis?.metrics],
    ['shadow.analysis', shadow?.analysis.metrics],
    ['abTest.analysis', abTest?.analysis.metrics],
  ]
  return lists.flatMap(([place, metrics]) => (metrics === undefined ? [] : [[place, metrics] as const]))
}

/** How people read a step. */
export function stepName(step: Step | undefined): string {
  if (step === undefined) return 'deploy the candidate'
  if (step.kind === 'weight') return `setWeight ${step.weight}`
  if (step.kind === 'mirror') return `setMirror ${step.percentage}`
  if (step.kind === 'gate') return `gate ${step.gate}`
  if (step.kind === 'analysis') return `analysis of ${step.metrics.map(metric => metric.name).join(', ')}`
  return step.ms === undefined ? 'pause for approval' : `pause ${step.ms / 1000}s`
}

import { z } from 'zod'
import { durationSchema } from './core/duration.ts'
import { nameSchema, tagsSchema } from './core/names.ts'
import { endpointName } from './endpoint-specs.ts'

/** Argo Rollouts takes seconds as a number, too. */
const duration = z.union([
  z
    .number()
    .int()
    .min(0)
    .max(86_400_000)
    .transform(seconds => `${seconds}s`),
  durationSchema,
])
const share = z.number().int().min(0).max(100)
const limit = z.number().int().min(0).max(10_000)
const condition = z.string().min(1).max(4000)

/** True of an object in which exactly one property is said. */
const isOne = (value: object): boolean => Object.values(value).filter(one => one !== undefined).length === 1
const oneOf = (kinds: readonly string[]) => ({ error: `say exactly one of ${kinds.join(', ')}` })

const outputPath = z
  .string()
  .max(500)
  .optional()
  .describe('place in the output, like .probability[1]; not needed where the output is one value')

export const scoreMetrics = [
  ...(['accuracy', 'precision', 'recall', 'f1', 'roc_auc', 'log_loss'] as const),
  ...(['mae', 'mse', 'rmse', 'r2'] as const),
] as const
export type ScoreMetric = (typeof scoreMetrics)[number]

/** Distances between the outputs of two deployments; all lie between 0 (equal) and 1. */
export const outputDistances = ['jensen_shannon_distance', 'two_sample_kolmogorov_smirnov_test'] as const

const providers = {
  error_rate: z
    .strictObject({ from_status: z.number().int().min(400).max(599).default(500) })
    .describe('share of answers with this status or a higher one'),
  latency: z
    .strictObject({ percentile: z.number().min(0).max(100).default(99) })
    .describe('milliseconds from arrival to answer, at a percentile'),
  request_count: z.strictObject({}).describe('answers of the candidate'),
  disagreement: z
    .strictObject({ tolerance: z.number().min(0).default(0) })
    .describe('share of mirrored rows on which candidate and stable answer differently'),
  prediction_distribution: z
    .strictObject({ distance: z.enum(outputDistances).default('jensen_shannon_distance'), output: outputPath })
    .describe('how far the outputs of candidate and stable lie apart'),
  label_score: z
    .strictObject({
      metric: z.enum(scoreMetrics),
      label: z.string().min(1).max(200).default('label').describe('label of the feedback'),
      output: outputPath,
      positive: z
        .union([z.string(), z.number(), z.boolean()])
        .optional()
        .describe('the class that counts as positive; 1 when it is not said'),
    })
    .describe('score on the predictions whose label is known by now'),
}
export const metricProvider = z
  .strictObject({
    error_rate: providers.error_rate.optional(),
    latency: providers.latency.optional(),
    request_count: providers.request_count.optional(),
    disagreement: providers.disagreement.optional(),
    prediction_distribution: providers.prediction_distribution.optional(),
    label_score: providers.label_score.optional(),
  })
  .refine(isOne, oneOf(Object.keys(providers)))
export type MetricProvider = z.output<typeof metricProvider>

/** One number that is measured again and again, in the words of an AnalysisTemplate of Argo Rollouts. */
export const analysisMetric = z
  .strictObject({
    name: nameSchema,
    provider: metricProvider,
    successCondition: condition.optional().describe('CEL over result and stable, e.g. result <= stable * 1.2'),
    failureCondition: condition.optional(),
    interval: duration.default('10s'),
    count: z.number().int().min(1).max(10_000).optional().describe('measurements; 1 in a step, without end behind one'),
    failureLimit: limit.default(0),
    inconclusiveLimit: limit.default(0),
    consecutiveErrorLimit: limit.default(4),
    initialDelay: duration.optional(),
    window: duration.optional().describe('how far back it looks; to the begin of the analysis without it'),
    minimum: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(1)
      .describe('requests, or rows with a label, that there must be before it is measured'),
  })
  .refine(metric => metric.successCondition !== undefined || metric.failureCondition !== undefined, {
    error: 'give a successCondition, a failureCondition or both',
  })
export type AnalysisMetric = z.output<typeof analysisMetric>

const metrics = z
  .array(analysisMetric)
  .min(1)
  .max(20)
  .refine(all => new Set(all.map(({ name }) => name)).size === all.length, 'each metric has a name of its own')
const analysis = z.strictObject({ metrics })

const stepKinds = {
  setWeight: share.describe('percent of the live traffic that the candidate answers'),
  setMirror: z.strictObject({ percentage: share }).describe('percent of the live traffic that is copied to it'),
  pause: z
    .strictObject({ duration: duration.optional(), approvers: z.array(z.string().min(1).max(255)).max(100).optional() })
    .describe('for a time; without one, until somebody approves'),
  analysis,
  gate: z
    .strictObject({ name: nameSchema, champion: z.string().max(1000).optional() })
    .describe('the model of the candidate has to pass this gate'),
}
export const rolloutStep = z
  .strictObject({
    setWeight: stepKinds.setWeight.optional(),
    setMirror: stepKinds.setMirror.optional(),
    pause: stepKinds.pause.optional(),
    analysis: stepKinds.analysis.optional(),
    gate: stepKinds.gate.optional(),
  })
  .refine(isOne, oneOf(Object.keys(stepKinds)))
export type RolloutStep = z.output<typeof rolloutStep>

const promotionWait = {
  autoPromotionEnabled: z.boolean().optional().describe('false: somebody has to approve'),
  autoPromotionSeconds: z.number().int().min(0).max(31_536_000).optional().describe('wait so long before promotion'),
}
const strategies = {
  canary: z.strictObject({
    steps: z.array(rolloutStep).min(1).max(100),
    analysis: z
      .strictObject({ startingStep: z.number().int().min(0).max(100).default(0), metrics })
      .optional()
      .describe('goes on behind the steps from startingStep (counted from 0) to the end'),
  }),
  blueGreen: z.strictObject({
    previewMirror: share.optional().describe('percent that is copied to the candidate before promotion'),
    prePromotionAnalysis: analysis.optional(),
    ...promotionWait,
    postPromotionAnalysis: analysis.optional().describe('when it fails, the earlier traffic comes back'),
  }),
  shadow: z.strictObject({ percentage: share.default(100), analysis, ...promotionWait }),
  abTest: z.strictObject({ weight: share.default(50), analysis, ...promotionWait }),
}
export const rolloutStrategy = z
  .strictObject({
    canary: strategies.canary.optional(),
    blueGreen: strategies.blueGreen.optional(),
    shadow: strategies.shadow.optional(),
    abTest: strategies.abTest.optional(),
  })
  .refine(isOne, oneOf(Object.keys(strategies)))
  .refine(({ canary }) => canary === undefined || mirrorsBeforeWeights(canary.steps), {
    error: 'setMirror: a deployment that has live traffic gets no copies; set its weight to 0 before',
  })
export type RolloutStrategy = z.output<typeof rolloutStrategy>

function mirrorsBeforeWeights(steps: readonly RolloutStep[]): boolean {
  let weight = 0
  for (const step of steps) {
    weight = step.setWeight ?? weight
    if (weight > 0 && (step.setMirror?.percentage ?? 0) > 0) return false
  }
  return true
}

/** A rollout: how a candidate takes over from the stable deployment of an endpoint, by measured steps. */
export const rolloutSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema.optional(),
    description: z.string().max(10_000).optional(),
    tags: tagsSchema.optional(),
    endpoint: endpointName,
    deployment: nameSchema.max(64).optional().describe('the candidate'),
    model: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('deployed as the candidate, with the settings of the stable deployment'),
    stable: nameSchema.optional().describe('the deployment to replace; that which has the traffic'),
    strategy: rolloutStrategy,
    promotion: z
      .strictObject({
        traffic: z.enum(['candidate', 'unchanged']).default('candidate'),
        alias: nameSchema.optional().describe('alias that the model of the candidate gets, e.g. champion'),
      })
      .default({ traffic: 'candidate' }),
    approvers: z
      .array(z.string().min(1).max(255))
      .max(100)
      .optional()
      .describe('who may approve; else all who have the right'),
    progressDeadlineSeconds: z.number().int().min(1).max(31_536_000).default(3600).describe('longest time of a step'),
    progressDeadlineAbort: z.boolean().default(false).describe('a step that takes longer turns back; else it pauses'),
  })
  .refine(spec => spec.deployment !== undefined || spec.model !== undefined, {
    error: 'name the candidate: deployment, or model to deploy one',
  })
  .meta({ id: 'RolloutSpec' })
export type RolloutSpec = z.output<typeof rolloutSpec>

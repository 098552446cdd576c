import {
  type DriftThresholds,
  HaganeError,
  type MonitorDefinition,
  type MonitorSignal,
  metricNamed,
  type SignalOf,
  serviceSignals,
} from '@hagane/contract'

/** The deployment that a monitor looks at. */
export interface Target {
  readonly endpoint: string
  readonly deployment: string
}

export interface PlannedSignal<S extends MonitorSignal = MonitorSignal> {
  readonly name: string
  readonly signal: S
}

/** Fewer rows than this are not judged, unless the signal says otherwise: every distance of a handful is large. */
export const MINIMUM_ROWS = 30

/** Azure ML's names and kinds for a monitor that names no signals. */
const DEFAULT_SIGNALS = {
  'data-drift-signal': { type: 'data_drift', alert_enabled: true },
  'prediction-drift-signal': { type: 'prediction_drift', alert_enabled: true },
  'data-quality-signal': { type: 'data_quality', alert_enabled: true },
} as const satisfies Record<string, MonitorSignal>

export const signalsOf = ({ monitoring_signals: signals = DEFAULT_SIGNALS }: MonitorDefinition): PlannedSignal[] =>
  Object.entries(signals).map(([name, signal]) => ({ name, signal }))

/** The deployment that a definition names; undefined when it names none. Throws invalid for what is no deployment. */
export function targetOf({ monitoring_target: target }: MonitorDefinition): Target | undefined {
  const id = target?.endpoint_deployment_id
  if (id === undefined) return undefined
  const [, endpoint, deployment] =
    /^(?:azureml:)?([A-Za-z0-9_.-]+)[:/]([A-Za-z0-9_.-]+)$/.exec(id) ??
    /\/(?:online|batch)Endpoints\/([^/]+)\/deployments\/([^/]+)$/i.exec(id) ??
    []
  if (endpoint !== undefined && deployment !== undefined) return { endpoint, deployment }
  const property = 'create_monitor.monitoring_target.endpoint_deployment_id'
  throw new HaganeError('invalid', `${property}: '${id}' names no deployment`, {
    details: [{ property, message: 'not a deployment', sent: id, allowed: 'azureml:<endpoint>:<deployment>' }],
    hint: 'write azureml:<endpoint>:<deployment>',
  })
}

/** Refuses what could never be judged here. Throws invalid, or unsupported for signals of Azure's services. */
export function checkDefinition(definition: MonitorDefinition): void {
  const signals = signalsOf(definition)
  refuseServiceSignals(signals)
  const target = targetOf(definition)
  if (signals.length === 0)
    throw new HaganeError('invalid', 'create_monitor.monitoring_signals: there are none', {
      hint: 'leave monitoring_signals out for data drift, prediction drift and data quality',
    })
  for (const { name, signal } of signals) {
    const property = `create_monitor.monitoring_signals.${name}`
    if (target === undefined && !bringsItsData(signal))
      throw new HaganeError('invalid', `${property}: it is not said what to look at`, {
        details: [
          {
            property: 'create_monitor.monitoring_target.endpoint_deployment_id',
            message: 'missing, and the signal brings no production_data of its own',
            allowed: 'azureml:<endpoint>:<deployment>',
          },
        ],
        hint: `add monitoring_target.endpoint_deployment_id, or ${property}.production_data.input_data`,
      })
  }
}

/** What only Azure can judge is told first: nothing else that is wrong can be mended then. */
function refuseServiceSignals(signals: readonly PlannedSignal[]): void {
  for (const { name, signal } of signals) {
    const property = `create_monitor.monitoring_signals.${name}.type`
    const reason = serviceSignals[signal.type]
    if (reason !== undefined)
      throw new HaganeError('unsupported', `${property}: '${signal.type}' is not judged here: ${reason}`, {
        details: [{ property, message: reason, sent: signal.type }],
        hint: 'judge the answers in a component of your own and give it as a signal of type custom',
      })
  }
}

/** Whether a signal reads tables that it names, and not what a deployment collected. */
function bringsItsData(signal: MonitorSignal): boolean {
  if (signal.type === 'custom') return true
  const production = 'production_data' in signal ? signal.production_data : undefined
  return [production ?? []].flat().some(data => (data as { input_data?: unknown }).input_data !== undefined)
}

type Limits = Readonly<Record<string, number | undefined>> | undefined

const renamed = (limits: Limits): Record<string, number> =>
  Object.fromEntries(
    Object.entries(limits ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[metricNamed(name), value]])),
  )

const ofFeatures = (features: Record<string, Limits> | undefined): Record<string, Record<string, number>> =>
  Object.fromEntries(Object.entries(features ?? {}).map(([feature, limits]) => [feature, renamed(limits)]))

/** Azure ML's defaults: where a signal sets no threshold of a kind, one metric of the kind decides at 0.1. */
const NUMERICAL = { normalized_wasserstein_distance: 0.1 }
const CATEGORICAL = { jensen_shannon_distance: 0.1 }

/** When drift is a breach, in the words of the statistics. */
export function driftThresholdsOf(signal: SignalOf<'data_drift' | 'prediction_drift'>): DriftThresholds {
  const { numerical, categorical, text, features, drift_share, correction } = signal.metric_thresholds ?? {}
  const none = numerical === undefined && categorical === undefined && features === undefined && text === undefined
  return {
    numerical: numerical === undefined && none ? NUMERICAL : renamed(numerical),
    categorical: categorical === undefined && none ? CATEGORICAL : renamed(categorical),
    ...(text === undefined ? {} : { text: renamed(text) }),
    features: ofFeatures(features),
    ...(drift_share === undefined ? {} : { table: { drift_share } }),
    ...(correction === undefined ? {} : { correction }),
    data_quality: {},
  } as DriftThresholds
}

/** Azure ML's rates, which are looked at where nobody sets a threshold. */
const QUALITY = ['null_value_rate', 'data_type_error_rate', 'out_of_bounds_rate']

/** Thresholds of data quality: of numbers, of categories, and of single features. */
export function qualityThresholdsOf({ metric_thresholds: limits = {} }: SignalOf<'data_quality'>) {
  const none = limits.numerical === undefined && limits.categorical === undefined && limits.features === undefined
  return {
    numerical: renamed(limits.numerical),
    categorical: renamed(limits.categorical),
    features: ofFeatures(limits.features),
    /** Metrics that are compared with the reference's own rate. */
    byDefault: none ? QUALITY : [],
  }
}

/** Where nobody sets a threshold of scores; Azure ML's. */
const ACCURACY = { accuracy: 0.9 }

/** Thresholds of scores, by Azure ML's names. */
export function performanceThresholdsOf(
  { metric_thresholds: limits }: SignalOf<'model_performance' | 'estimated_performance'>,
  task: 'classification' | 'regression',
): Readonly<Record<string, number>> {
  if (limits === undefined) return task === 'classification' ? ACCURACY : {}
  const { classification, tabular_classification, regression, tabular_regression } = limits
  return renamed({ ...classification, ...tabular_classification, ...regression, ...tabular_regression })
}

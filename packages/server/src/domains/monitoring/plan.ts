import { HaganeError, type MonitorDefinition, type MonitorSignal, serviceSignals } from '@hagane/contract'

/** The deployment that a monitor looks at. */
export interface Target {
  readonly endpoint: string
  readonly deployment: string
}

export interface PlannedSignal<S extends MonitorSignal = MonitorSignal> {
  readonly name: string
  readonly signal: S
}

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
  const target = targetOf(definition)
  const signals = signalsOf(definition)
  if (signals.length === 0)
    throw new HaganeError('invalid', 'create_monitor.monitoring_signals: there are none', {
      hint: 'leave monitoring_signals out for data drift, prediction drift and data quality',
    })
  for (const { name, signal } of signals) {
    const property = `create_monitor.monitoring_signals.${name}`
    const reason = serviceSignals[signal.type]
    if (reason !== undefined)
      throw new HaganeError('unsupported', `${property}.type: '${signal.type}' is not judged here: ${reason}`, {
        details: [{ property: `${property}.type`, message: reason, sent: signal.type }],
        hint: 'judge the answers in a component of your own and give it as a signal of type custom',
      })
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

/** Whether a signal reads tables that it names, and not what a deployment collected. */
function bringsItsData(signal: MonitorSignal): boolean {
  if (signal.type === 'custom') return true
  const production = 'production_data' in signal ? signal.production_data : undefined
  return [production ?? []].flat().some(data => (data as { input_data?: unknown }).input_data !== undefined)
}

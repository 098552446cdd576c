import {
  type AutoscaleSettings,
  durationSchema,
  HaganeError,
  type OnlineDeploymentSpec,
  secondsOfDuration,
} from '@hagane/contract'
import { notUnderstood } from './serving-properties.ts'

export interface Scale {
  workers: number
  autoscale?: AutoscaleSettings
  idle_seconds?: number
}

const mostWorkers = 256
const idleProperty = 'hagane.scale_to_zero_after'

/**
 * How many workers a deployment has and by what rule: Azure ML's instances times the processes that WORKER_COUNT asks for
 * in each. Throws `invalid` for bounds that contradict each other.
 */
export function scaleOf(spec: OnlineDeploymentSpec): Scale {
  const processes = processesOf(spec)
  const times = (instances: number): number => Math.min(mostWorkers, instances * processes)
  const idle = idleOf(spec)
  const { type, min_instances: min = 1, max_instances, ...rest } = spec.scale_settings ?? {}
  if (type !== 'target_utilization') return { workers: times(spec.instance_count), ...idle }
  const max = max_instances ?? Math.max(min, spec.instance_count)
  if (min < 1)
    throw contradiction('min_instances', min, 'at least 1', `to end all workers after idling, set ${idleProperty}`)
  if (max < min) throw contradiction('max_instances', max, `at least min_instances (${min})`, 'raise one of the two')
  const { target_utilization_percentage = 70, polling_interval = 1 } = rest
  const autoscale = {
    min_workers: times(min),
    max_workers: times(max),
    target_utilization_percentage,
    polling_interval,
  }
  return { workers: times(Math.min(Math.max(spec.instance_count, min), max)), autoscale, ...idle }
}

/** The processes that WORKER_COUNT asks for in each instance. */
export function processesOf({ environment_variables }: OnlineDeploymentSpec): number {
  const perInstance = Number(environment_variables?.WORKER_COUNT ?? 1)
  return Number.isInteger(perInstance) && perInstance > 0 ? perInstance : 1
}

function idleOf(spec: OnlineDeploymentSpec): { idle_seconds?: number } {
  const text = spec.properties?.[idleProperty]
  if (text === undefined) return {}
  if (!durationSchema.safeParse(text).success || secondsOfDuration(text) === 0)
    throw notUnderstood(
      idleProperty,
      text,
      'a whole number and a unit, e.g. 90s, 15m or 2h',
      'this is no length of time',
    )
  return { idle_seconds: secondsOfDuration(text) }
}

const contradiction = (name: string, sent: unknown, allowed: string, hint: string): HaganeError =>
  new HaganeError('invalid', `scale_settings.${name}: ${sent} is not ${allowed}`, {
    details: [{ property: `scale_settings.${name}`, message: 'out of bounds', sent, allowed }],
    hint,
  })

import { availableParallelism } from 'node:os'
import { type BatchDeploymentSpec, type BatchInvocation, batchSettingsOf } from '@hagane/contract'

/** Azure ML's defaults of a model deployment. */
const DEFAULTS = {
  mini_batch_size: 10,
  max_concurrency_per_instance: 1,
  output_action: 'append_row' as const,
  output_file_name: 'predictions.csv',
  error_threshold: -1,
  logging_level: 'info' as const,
}
const RETRIES = { max_retries: 3, timeout: 30 }

/** The settings of a model deployment, defaults filled in, and what an invocation changes of them for its own job. */
export function scoringSettingsOf(spec: BatchDeploymentSpec, changed: BatchInvocation['settings'] = {}) {
  const given = { ...batchSettingsOf(spec), ...withoutUndefined(changed) }
  return {
    ...DEFAULTS,
    ...given,
    retry_settings: { ...RETRIES, ...given.retry_settings },
    environment_variables: { ...batchSettingsOf(spec).environment_variables, ...changed.environment_variables },
    instance_count: changed.instance_count ?? spec.resources?.instance_count ?? 1,
  }
}
export type FullSettings = ReturnType<typeof scoringSettingsOf>

const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T

/** Cores that the job takes: its worker processes, of which no more run than there are cores or one instance asks for. */
export const coresOf = (settings: FullSettings): number =>
  Math.min(
    settings.instance_count * settings.max_concurrency_per_instance,
    Math.max(1, Math.min(availableParallelism(), 4096)),
  )

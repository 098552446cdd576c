import { type OtlpTarget, otlpTarget } from '@hagane/contract'

/** Where spans go and which are kept. */
export interface OtlpOptions extends OtlpTarget {
  /** Share of the traces that begin here; those that callers began are kept when the callers say so. */
  ratio: number
}

/** OpenTelemetry's own variables, see `otlpTarget`, and `OTEL_TRACES_SAMPLER_ARG` (a ratio). Undefined without an endpoint. */
export function otlpFromEnvironment(env: NodeJS.ProcessEnv): OtlpOptions | undefined {
  const target = otlpTarget(env, 'traces', 'hagane-gateway')
  if (target === undefined) return undefined
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG || 1)
  return { ...target, ratio: ratio >= 0 && ratio <= 1 ? ratio : 1 }
}

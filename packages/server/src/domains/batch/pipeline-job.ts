import { batchSettingsOf, HaganeError, type JobInput, type JobSpec, pipelineSettings } from '@hagane/contract'
import { described, type Invocation } from './model-job.ts'
import type { BatchSources } from './types.ts'

type PipelineSpec = Extract<JobSpec, { type: 'pipeline' }>

/** The job of an invocation of a pipeline component deployment: the component with the inputs that were sent. */
export async function pipelineJob(sources: BatchSources, workspace: string, invocation: Invocation): Promise<JobSpec> {
  const { spec, facts, call } = invocation
  refuseScoring(call.settings)
  const base: Partial<PipelineSpec> = facts.pipeline ?? { component: facts.inline ?? (facts.component?.id as string) }
  const declared = Object.keys((await declaredOf(sources, workspace, base)).inputs ?? {})
  const own = settingsOf(spec)
  const { default_compute } = own
  return {
    ...base,
    ...described(invocation),
    type: 'pipeline',
    ...(spec.compute === undefined ? {} : { compute: spec.compute }),
    inputs: { ...base.inputs, ...named(call.inputs ?? {}, declared) },
    outputs: { ...base.outputs, ...call.outputs },
    settings: {
      ...base.settings,
      ...own,
      ...(default_compute === undefined ? {} : { default_compute }),
    },
  }
}

/** Only what a pipeline knows; a model's settings mean nothing to it. */
function settingsOf(spec: Invocation['spec']): NonNullable<PipelineSpec['settings']> {
  const known = Object.keys(pipelineSettings.shape)
  return Object.fromEntries(Object.entries(batchSettingsOf(spec)).filter(([key]) => known.includes(key)))
}

function refuseScoring(settings: Invocation['call']['settings']): void {
  const key = Object.entries(settings ?? {}).find(([, value]) => value !== undefined)?.[0]
  if (key === undefined) return
  throw new HaganeError('invalid', `settings.${key}: a pipeline component deployment has no such setting`, {
    details: [{ property: `settings.${key}`, message: 'only of model deployments' }],
    hint: 'give it as an input, if the component declares one',
  })
}

async function declaredOf(sources: BatchSources, workspace: string, { component, inputs }: Partial<PipelineSpec>) {
  if (component === undefined) return { inputs }
  return typeof component === 'string' ? (await sources.component(workspace, component)).spec : component
}

/** `--input` names nothing: it is the only input that the component declares. */
function named(given: Record<string, JobInput>, declared: readonly string[]): Record<string, JobInput> {
  const unknown = Object.keys(given).filter(name => !declared.includes(name))
  const [name] = unknown
  if (name === undefined) return given
  const [only] = declared
  if (Object.keys(given).length === 1 && declared.length === 1 && only !== undefined)
    return { [only]: given[name] as JobInput }
  throw new HaganeError('invalid', `inputs.${name}: the component declares no such input`, {
    details: [{ property: `inputs.${name}`, message: 'unknown', sent: name, allowed: declared }],
    hint: 'name the inputs in a file: hagane batch-endpoint invoke --file inputs.yml',
  })
}

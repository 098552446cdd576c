import { HaganeError, type JobOutput, parseReference, wholeExpression } from '@hagane/contract'
import { own } from '../model/own-property.ts'
import type { OutputPlan } from '../model/plan.ts'
import { refusePortNames } from './names.ts'

/** What an output with a `name:` can become. */
const registrable = ['uri_file', 'uri_folder', 'mltable', 'mlflow_model', 'custom_model', 'triton_model']

type Outputs = Record<string, JobOutput> | null | undefined

const asSpec = (output: JobOutput | undefined) => (typeof output === 'object' && output !== null ? output : {})

/** The parent's output that a binding such as `${{parent.outputs.x}}` names, written as text or as `path`. */
function publishedBy(output: JobOutput | undefined): string | undefined {
  const text = typeof output === 'string' ? output : asSpec(output).path
  const expression = text === undefined ? undefined : wholeExpression(text)
  return expression?.scope === 'parent-output' ? expression.name : undefined
}

/**
 * Outputs of a step: what the component declares, what the node says (which wins), and for an output that becomes one of the
 * parent's, what the parent says where the other two are silent.
 */
export function planOutputs(
  declared: Outputs,
  given: Outputs,
  parent: Record<string, OutputPlan>,
  at: string,
): Record<string, OutputPlan> {
  const names = new Set([...Object.keys(declared ?? {}), ...Object.keys(given ?? {})])
  refusePortNames(at, 'outputs', names)
  return Object.fromEntries(
    [...names].map(name => [name, planOutput(own(declared, name), own(given, name), parent, `${at}.outputs.${name}`)]),
  )
}

function planOutput(
  declared: JobOutput | undefined,
  given: JobOutput | undefined,
  parent: Record<string, OutputPlan>,
  at: string,
): OutputPlan {
  const publish = publishedBy(given)
  const target = publish === undefined ? undefined : own(parent, publish)
  if (publish !== undefined && target === undefined)
    throw new HaganeError('invalid', `${at}: the pipeline has no output '${publish}'`, {
      details: [
        {
          property: at,
          message: 'names no output of the pipeline',
          sent: `\${{parent.outputs.${publish}}}`,
          allowed: Object.keys(parent),
        },
      ],
    })
  const said = asSpec(given)
  const base = asSpec(declared)
  const type = said.type ?? base.type ?? (target?.type || undefined) ?? 'uri_folder'
  const registered = pick(said.name ?? target?.name, said.version ?? target?.version)
  if (registered.name !== undefined && !registrable.includes(type))
    throw new HaganeError('invalid', `${at}.name: an output of type ${type} cannot be registered as an asset`, {
      details: [{ property: `${at}.type`, message: 'no asset has this type', sent: type, allowed: registrable }],
      hint: 'leave name out: the output is kept with the job',
    })
  const path =
    publish === undefined ? checkedPath(typeof given === 'string' ? given : (said.path ?? base.path), at) : target?.path
  return {
    type,
    mode: said.mode ?? base.mode ?? target?.mode ?? 'rw_mount',
    ...(path === undefined ? {} : { path }),
    ...registered,
    ...(publish === undefined ? {} : { publish }),
  }
}

const pick = (name: string | undefined, version: string | undefined): { name?: string; version?: string } => ({
  ...(name === undefined ? {} : { name }),
  ...(version === undefined ? {} : { version }),
})

/** Outputs go to datastores only: a path of the submitting machine means nothing here. */
function checkedPath(path: string | undefined, at: string): string | undefined {
  if (path === undefined) return undefined
  if (parseReference(path).form !== 'datastore')
    throw new HaganeError('invalid', `${at}.path: '${path}' is not a datastore path`, {
      details: [
        {
          property: `${at}.path`,
          message: 'not a datastore path',
          sent: path,
          allowed: 'azureml://datastores/<name>/paths/<path>',
        },
      ],
      hint: 'leave path out: the output is kept with the job, and `hagane job download` fetches it',
    })
  return path
}

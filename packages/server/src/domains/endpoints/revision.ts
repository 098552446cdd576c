import { createHash } from 'node:crypto'
import type { DeploymentRevision, GatewayDeployment, GatewayRuntime, OnlineDeploymentSpec } from '@hagane/contract'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { collectionPlanOf } from './collection-plan.ts'
import { memoryLimitOf } from './memory-limit.ts'
import { commandWithModel, variablesWithModel } from './model-mount.ts'
import { variableText } from './resource.ts'
import { scaleOf } from './scale.ts'

type CommandRuntime = Extract<GatewayRuntime, { kind: 'command' }>

export type RevisionFacts = Omit<
  DeploymentRevision,
  'revision_id' | 'endpoint' | 'deployment' | 'created_at' | 'created_by'
>

/** Everything that a deployment was resolved to. */
export interface Prepared {
  workspace: string
  endpoint: string
  deployment: string
  spec: OnlineDeploymentSpec
  facts: RevisionFacts
  runtime: GatewayRuntime
}

/** Hagane's own switch, kept where Azure ML's YAML has room for it: `properties: { hagane.batching: true }`. */
function batchingOf(spec: OnlineDeploymentSpec): { batching?: boolean } {
  const text = spec.properties?.['hagane.batching']?.toLowerCase()
  return text === 'true' || text === 'false' ? { batching: text === 'true' } : {}
}

export const variablesOf = (spec: OnlineDeploymentSpec): Record<string, string> =>
  Object.fromEntries(
    Object.entries(spec.environment_variables ?? {}).map(([name, value]) => [name, variableText(value)]),
  )

/**
 * What the gateway is told. The revision id is a digest of all that decides a prediction: model, environment lock, code
 * and variables. Equal content is the same revision, any change is another; how many workers there are and how long they
 * may take is no part of it, so that it changes in place.
 */
export function gatewayEntry(prepared: Prepared): GatewayDeployment {
  const { workspace, endpoint, deployment, spec, facts, runtime } = prepared
  const collection = collectionPlanOf(spec)
  const deciding = {
    environment_variables: variablesOf(spec),
    ...batchingOf(spec),
    ...(collection === undefined ? {} : { collection }),
  }
  const identity = {
    workspace,
    endpoint,
    deployment,
    kind: runtime.kind,
    model: facts.model === undefined ? null : [facts.model.id, facts.model.tree, facts.model.path],
    environment: facts.environment.lock_digest,
    code: facts.code ?? null,
    ...(runtime.kind === 'command' ? { server: { ...routesOf(runtime), command: runtime.command } } : {}),
    settings: deciding,
    ...(spec.model_mount_path === undefined ? {} : { model_mount_path: spec.model_mount_path }),
  }
  const revision_id = createHash('sha256').update(canonicalJson(identity)).digest('hex').slice(0, 16)
  const { request_settings, liveness_probe, readiness_probe } = spec
  const times = JSON.parse(JSON.stringify({ request_settings, liveness_probe, readiness_probe }))
  const mount = { path: spec.model_mount_path, model: facts.model }
  const modelDir = 'model_dir' in runtime ? runtime.model_dir : undefined
  return {
    name: deployment,
    revision_id,
    runtime:
      runtime.kind === 'command' && modelDir !== undefined
        ? { ...runtime, command: commandWithModel(runtime.command, mount) }
        : runtime,
    ...deciding,
    ...times,
    ...scaleOf(spec),
    ...memoryLimitOf(spec),
    environment_variables: variablesWithModel(deciding.environment_variables, mount, modelDir),
  }
}

const routesOf = ({ liveness_route, readiness_route, scoring_route }: CommandRuntime) => ({
  liveness_route,
  readiness_route,
  scoring_route,
})

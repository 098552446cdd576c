import { createHash } from 'node:crypto'
import type { DeploymentRevision, GatewayDeployment, GatewayRuntime, OnlineDeploymentSpec } from '@hagane/contract'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { collectionPlanOf } from './collection-plan.ts'
import { withModelDir } from './command-runtime.ts'
import { variableText } from './resource.ts'

type CommandRuntime = Extract<GatewayRuntime, { kind: 'command' }>

const mostWorkers = 256

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

/** Workers of a deployment: Azure ML's instances times the processes that WORKER_COUNT asks for in each. */
function workersOf(spec: OnlineDeploymentSpec): number {
  const perInstance = Number(spec.environment_variables?.WORKER_COUNT ?? 1)
  const processes = Number.isInteger(perInstance) && perInstance > 0 ? perInstance : 1
  return Math.min(mostWorkers, spec.instance_count * processes)
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
 * What the gateway is told. The revision id is a digest of all that decides a prediction: model, environment lock, code,
 * variables and settings. Equal content is the same revision, any change is another.
 */
export function gatewayEntry(prepared: Prepared): GatewayDeployment {
  const { workspace, endpoint, deployment, spec, facts, runtime } = prepared
  const collection = collectionPlanOf(spec)
  const settings = {
    workers: workersOf(spec),
    environment_variables: variablesOf(spec),
    request_settings: spec.request_settings,
    liveness_probe: spec.liveness_probe,
    readiness_probe: spec.readiness_probe,
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
    settings: JSON.parse(JSON.stringify(settings)),
  }
  const revision_id = createHash('sha256').update(canonicalJson(identity)).digest('hex').slice(0, 16)
  const variables = withModelDir(settings.environment_variables, 'model_dir' in runtime ? runtime.model_dir : undefined)
  return { name: deployment, revision_id, runtime, ...settings, environment_variables: variables }
}

const routesOf = ({ liveness_route, readiness_route, scoring_route }: CommandRuntime) => ({
  liveness_route,
  readiness_route,
  scoring_route,
})

import type { DeploymentRevision, OnlineDeployment, OnlineDeploymentSpec, OnlineEndpoint } from '@hagane/contract'
import { optional } from '../../kernel/optional.ts'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { GatewayAddresses } from './gateway-supervisor.ts'
import type { DeploymentRow, EndpointRow, RevisionRow } from './tables.ts'

export function toEndpoint(row: EndpointRow, gateway: GatewayAddresses): OnlineEndpoint {
  const prefix = row.workspace === 'default' ? '' : `/ws/${encodeURIComponent(row.workspace)}`
  const base = `${gateway.http}${prefix}/endpoints/${encodeURIComponent(row.name)}`
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    kind: 'Managed',
    ...optional('description', row.description),
    tags: JSON.parse(row.tags),
    properties: JSON.parse(row.properties),
    auth_mode: row.auth_mode,
    ...optional('identity', row.identity === null ? null : JSON.parse(row.identity)),
    ...optional('compute', row.compute),
    location: 'local',
    public_network_access: row.public_network_access,
    traffic: JSON.parse(row.traffic),
    mirror_traffic: JSON.parse(row.mirror_traffic),
    provisioning_state: 'Succeeded',
    scoring_uri: `${base}/score`,
    openapi_uri: `${base}/swagger.json`,
    ...optional('grpc_uri', gateway.grpc),
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

export const toRevision = (row: RevisionRow): DeploymentRevision => ({
  ...JSON.parse(row.facts),
  revision_id: row.revision_id,
  endpoint: row.endpoint,
  deployment: row.deployment,
  created_at: row.created_at,
  created_by: row.created_by,
})

/** Python's `str()` of a YAML value, which is what Azure ML puts into the environment. */
export const variableText = (value: string | number | boolean | null): string =>
  value === null ? '' : typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)

export function toDeployment(row: DeploymentRow, revision: RevisionRow | undefined): OnlineDeployment {
  const spec = JSON.parse(row.spec) as OnlineDeploymentSpec
  const variables = Object.entries(spec.environment_variables ?? {})
  return {
    id: `azureml:${row.endpoint}:${row.name}`,
    name: row.name,
    endpoint_name: row.endpoint,
    type: spec.type ?? 'managed',
    ...optional('description', spec.description),
    tags: spec.tags ?? {},
    properties: spec.properties ?? {},
    ...optional('model', spec.model),
    ...optional('model_mount_path', spec.model_mount_path),
    ...optional('code_configuration', spec.code_configuration),
    ...optional('environment', spec.environment),
    environment_variables: Object.fromEntries(variables.map(([name, value]) => [name, variableText(value)])),
    app_insights_enabled: spec.app_insights_enabled ?? false,
    ...optional('data_collector', spec.data_collector),
    egress_public_network_access: spec.egress_public_network_access ?? 'enabled',
    instance_count: spec.instance_count,
    ...optional('instance_type', spec.instance_type),
    ...optional('scale_settings', spec.scale_settings),
    ...optional('resources', spec.resources),
    request_settings: spec.request_settings,
    liveness_probe: spec.liveness_probe,
    readiness_probe: spec.readiness_probe,
    provisioning_state: row.state,
    ...optional('error', row.error === null ? null : JSON.parse(row.error)),
    ...optional('revision', revision === undefined ? undefined : toRevision(revision)),
    ...optional('serving', row.serving === null ? null : JSON.parse(row.serving)),
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

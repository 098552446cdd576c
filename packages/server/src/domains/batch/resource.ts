import {
  type BatchDeployment,
  type BatchDeploymentSpec,
  type BatchEndpoint,
  type BatchRevision,
  batchSettingsOf,
} from '@hagane/contract'
import { optional } from '../../kernel/optional.ts'
import { creationContextOf } from '../../kernel/stamps.ts'
import { scoringSettingsOf } from './settings.ts'
import type { DeploymentRow, EndpointRow, RevisionRow } from './tables.ts'
import type { BatchFacts } from './types.ts'

/** `url` is the address of this server. */
export function toEndpoint(row: EndpointRow, url: string): BatchEndpoint {
  const prefix = row.workspace === 'default' ? '' : `/ws/${encodeURIComponent(row.workspace)}`
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    ...optional('description', row.description),
    tags: JSON.parse(row.tags),
    properties: JSON.parse(row.properties),
    auth_mode: row.auth_mode,
    defaults: optional('deployment_name', row.default_deployment),
    location: 'local',
    provisioning_state: 'Succeeded',
    scoring_uri: `${url}${prefix}/api/v1/batch-endpoints/${encodeURIComponent(row.name)}/jobs`,
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

export function toRevision(row: RevisionRow): BatchRevision {
  const { folder: _folder, inline: _inline, pipeline: _pipeline, ...facts } = JSON.parse(row.facts) as BatchFacts
  const { revision_id, endpoint, deployment, created_at, created_by } = row
  return { revision_id, endpoint, deployment, ...facts, created_at, created_by }
}

export function toDeployment(row: DeploymentRow, revision: RevisionRow): BatchDeployment {
  const spec = JSON.parse(row.spec) as BatchDeploymentSpec
  const facts = JSON.parse(revision.facts) as BatchFacts
  const { instance_count: _count, ...settings } = scoringSettingsOf(spec)
  return {
    id: `azureml:${row.endpoint}:${row.name}`,
    name: row.name,
    endpoint_name: row.endpoint,
    type: row.type,
    ...optional('description', spec.description),
    tags: spec.tags ?? {},
    properties: spec.properties ?? {},
    ...optional('model', typeof spec.model === 'string' ? facts.model?.id : spec.model),
    ...optional('code_configuration', spec.code_configuration),
    ...optional('environment', facts.environment),
    ...optional('compute', spec.compute),
    ...optional('resources', spec.resources),
    ...optional('component', facts.component?.id ?? facts.inline),
    ...optional('job_definition', spec.job_definition),
    settings: row.type === 'model' ? settings : batchSettingsOf(spec),
    provisioning_state: 'Succeeded',
    revision: toRevision(revision),
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

import { type OnlineDeployment, type OnlineEndpoint, onlineDeploymentSpec } from '@hagane/contract'

const time = '2026-11-23T22:50:10.000Z'
const creation_context = { created_at: time, created_by: 't', last_modified_at: time, last_modified_by: 't' }
/** An endpoint as the server would show it. */
export const endpointOf = (more: Partial<OnlineEndpoint> = {}): OnlineEndpoint => ({
  id: 'e',
  name: 'flights',
  kind: 'Managed',
  tags: {},
  properties: {},
  auth_mode: 'key',
  location: 'local',
  public_network_access: 'enabled',
  traffic: { blue: 90, green: 10 },
  mirror_traffic: {},
  provisioning_state: 'Succeeded',
  scoring_uri: 'http://127.0.0.1:1/score',
  openapi_uri: 'http://127.0.0.1:1/swagger.json',
  etag: '1',
  creation_context,
  ...more,
})
/** A deployment as the server would show it. */
export const deploymentOf = (more: Partial<OnlineDeployment> = {}): OnlineDeployment => ({
  ...onlineDeploymentSpec.parse({ model: 'azureml:flights:3', instance_count: 1 }),
  id: 'd',
  name: 'blue',
  endpoint_name: 'flights',
  type: 'managed',
  tags: {},
  properties: {},
  environment_variables: {},
  app_insights_enabled: false,
  egress_public_network_access: 'enabled',
  provisioning_state: 'Succeeded',
  etag: '1',
  creation_context,
  ...more,
})

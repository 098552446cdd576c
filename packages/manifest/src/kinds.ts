import {
  type AlertRuleSpec,
  alertRuleSpec,
  type BatchDeploymentSpec,
  type BatchEndpointSpec,
  type BatchInvocation,
  batchDeploymentSpec,
  batchEndpointSpec,
  batchInvocation,
  type ComponentSpec,
  type ComputeSpec,
  componentSpec,
  computeSpec,
  type DataSpec,
  type DatastoreSpec,
  dataSpec,
  datastoreSpec,
  type EnvironmentSpec,
  type Expectations,
  environmentSpec,
  expectations,
  type GateSpec,
  gateSpec,
  type JobSpec,
  jobSpec,
  type ModelSpec,
  type MonitorSpec,
  modelSpec,
  monitorSpec,
  type OnlineDeploymentSpec,
  type OnlineEndpointSpec,
  onlineDeploymentSpec,
  onlineEndpointSpec,
  type RegistrySpec,
  type RolloutSpec,
  type RuleSpec,
  registrySpec,
  rolloutSpec,
  ruleSpec,
  type ScheduleSpec,
  type SubscriptionSpec,
  scheduleSpec,
  subscriptionSpec,
  workspaceSpec,
} from '@hagane/contract'
import type { z } from 'zod'
import { expandAssetFields, expandData, expandDeployment, expandGate, expandModel } from './expand-assets.ts'
import { expandBatchDeployment, expandBatchInvocation } from './expand-batch.ts'
import { expandEnvironmentSpec } from './expand-environment.ts'
import { expandJob } from './expand-job.ts'
import { expandMonitor } from './expand-monitor.ts'
import { expandComponent } from './expand-pipeline.ts'
import { checkRule, expandRule } from './expand-rule.ts'
import { expandSchedule } from './expand-schedule.ts'
import { checkComponent, checkJob, checkSchedule } from './graph.ts'
import type { Loading } from './loading.ts'
import type { Cursor } from './tree.ts'

/** The resource that each kind of manifest becomes. */
export interface ManifestResources {
  job: JobSpec
  data: DataSpec
  environment: EnvironmentSpec
  component: ComponentSpec
  model: ModelSpec
  'online-endpoint': OnlineEndpointSpec
  'online-deployment': OnlineDeploymentSpec
  'batch-endpoint': BatchEndpointSpec
  'batch-deployment': BatchDeploymentSpec
  'batch-invocation': BatchInvocation
  workspace: z.output<typeof workspaceSpec>
  datastore: DatastoreSpec
  compute: ComputeSpec
  schedule: ScheduleSpec
  monitor: MonitorSpec
  expectations: Expectations
  registry: RegistrySpec
  subscription: SubscriptionSpec
  'alert-rule': AlertRuleSpec
  gate: GateSpec
  rollout: RolloutSpec
  rule: RuleSpec
}
export type ManifestKind = keyof ManifestResources
export type ResourceOf<K extends ManifestKind> = ManifestResources[K]

interface KindRules<R> {
  readonly spec: z.ZodType<R>
  /** Reads included files, fills the type and notes uploads; works on the tree before it is validated. */
  readonly expand: (loading: Loading, cursor: Cursor) => void | Promise<void>
  /** Rules between parts of a valid resource. */
  readonly check?: (loading: Loading, cursor: Cursor, resource: R) => void
}

/** Everything that differs from kind to kind. */
export const manifestKinds: { readonly [K in ManifestKind]: KindRules<ManifestResources[K]> } = {
  job: { spec: jobSpec, expand: expandJob, check: checkJob },
  data: { spec: dataSpec, expand: expandData },
  environment: { spec: environmentSpec, expand: expandEnvironmentSpec },
  component: { spec: componentSpec, expand: expandComponent, check: checkComponent },
  model: { spec: modelSpec, expand: expandModel },
  'online-endpoint': { spec: onlineEndpointSpec, expand: expandAssetFields },
  'online-deployment': { spec: onlineDeploymentSpec, expand: expandDeployment },
  'batch-endpoint': { spec: batchEndpointSpec, expand: expandAssetFields },
  'batch-deployment': { spec: batchDeploymentSpec, expand: expandBatchDeployment },
  'batch-invocation': { spec: batchInvocation, expand: expandBatchInvocation },
  workspace: { spec: workspaceSpec, expand: expandAssetFields },
  datastore: { spec: datastoreSpec, expand: expandAssetFields },
  compute: { spec: computeSpec, expand: expandAssetFields },
  registry: { spec: registrySpec, expand: expandAssetFields },
  rule: { spec: ruleSpec, expand: expandRule, check: checkRule },
  schedule: { spec: scheduleSpec, expand: expandSchedule, check: checkSchedule },
  monitor: { spec: monitorSpec, expand: expandMonitor },
  expectations: { spec: expectations, expand: () => {} },
  subscription: { spec: subscriptionSpec, expand: () => {} },
  'alert-rule': { spec: alertRuleSpec, expand: () => {} },
  gate: { spec: gateSpec, expand: expandGate },
  rollout: { spec: rolloutSpec, expand: expandAssetFields },
}
export const manifestKindNames = Object.keys(manifestKinds) as ManifestKind[]

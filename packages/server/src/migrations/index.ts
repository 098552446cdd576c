import type { Migration } from '../kernel/db/migrate.ts'
import { kernel } from './0001-kernel.ts'
import { access } from './0002-access.ts'
import { assets } from './0003-assets.ts'
import { environments } from './0010-environments.ts'
import { tracking } from './0020-tracking.ts'
import { models } from './0021-models.ts'
import { jobs } from './0030-jobs.ts'
import { compute } from './0031-compute.ts'
import { endpoints } from './0040-endpoints.ts'
import { lineage } from './0050-lineage.ts'
import { taskLanes } from './0060-task-lanes.ts'
import { jobSteps } from './0062-job-steps.ts'
import { dataProfiles } from './0064-data-profiles.ts'
import { datastores } from './0065-datastores.ts'
import { schedules } from './0066-schedules.ts'
import { registries } from './0067-registries.ts'
import { sweepTrials } from './0069-sweep-trials.ts'
import { reuseDecisions } from './0071-reuse-decisions.ts'
import { reproductions } from './0072-reproductions.ts'
import { jobUsage } from './0074-job-usage.ts'
import { jobLists } from './0075-job-lists.ts'
import { jobRetries } from './0076-job-retries.ts'
import { batchEndpoints } from './0080-batch-endpoints.ts'
import { jobsBySchedule } from './0084-jobs-by-schedule.ts'
import { collectedData } from './0085-collected-data.ts'
import { monitors } from './0090-monitors.ts'
import { subscriptions } from './0091-subscriptions.ts'
import { alerts } from './0092-alerts.ts'
import { gates } from './0093-gates.ts'
import { rollouts } from './0094-rollouts.ts'
import { rules } from './0095-rules.ts'
import { auditTree } from './0096-audit.ts'
import { serviceMetrics } from './0097-service-metrics.ts'
import { eventMentions } from './0098-event-mentions.ts'
import { explanations } from './0099-explanations.ts'

/** The one timeline; order is by name. */
export const migrations: readonly Migration[] = [
  kernel,
  access,
  assets,
  environments,
  tracking,
  models,
  jobs,
  compute,
  endpoints,
  lineage,
  taskLanes,
  jobSteps,
  dataProfiles,
  datastores,
  schedules,
  registries,
  sweepTrials,
  reuseDecisions,
  reproductions,
  jobUsage,
  jobLists,
  jobRetries,
  batchEndpoints,
  jobsBySchedule,
  collectedData,
  monitors,
  subscriptions,
  alerts,
  gates,
  rollouts,
  rules,
  auditTree,
  serviceMetrics,
  eventMentions,
  explanations,
]

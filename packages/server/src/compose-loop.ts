import { secondsOfDuration } from '@hagane/contract'
import { absent, runFactsOf } from './compose-lineage.ts'
import { buildAutomation } from './domains/automation/index.ts'
import type { Collection } from './domains/collection/index.ts'
import type { Data } from './domains/data/index.ts'
import type { Endpoints, ModelSource } from './domains/endpoints/index.ts'
import type { buildEnvironments } from './domains/environments/index.ts'
import { buildGates } from './domains/gates/index.ts'
import type { Jobs } from './domains/jobs/index.ts'
import type { ServiceMetrics } from './domains/metrics/index.ts'
import type { Models } from './domains/models/index.ts'
import { buildNotifications, smtpOf } from './domains/notifications/index.ts'
import { buildRollouts, type Rollouts } from './domains/rollouts/index.ts'
import type { Tracking } from './domains/tracking/index.ts'
import type { BlobStore } from './kernel/blobs/index.ts'
import type { Config } from './kernel/config.ts'
import type { Database } from './kernel/db/index.ts'
import type { EventLog } from './kernel/events/index.ts'
import type { BoundRoute } from './kernel/http/index.ts'
import type { Logger } from './kernel/log.ts'
import type { Secrets } from './kernel/secrets.ts'
import type { Tasks } from './kernel/tasks/index.ts'

/** Domains that watch the others, and move what they do. */
export interface Loop {
  domains: { routes: BoundRoute[] }[]
  rollouts: Rollouts
  start(): void
  stop(): Promise<void>
}

interface Kernel {
  serverId: string
  config: Config
  db: Database
  blobs: BlobStore
  events: EventLog
  secrets: Secrets
  tasks: Tasks
  log: Logger
  url: () => string
  serviceMetrics: Pick<ServiceMetrics, 'query'>
}

interface Acted {
  data: Data
  environments: ReturnType<typeof buildEnvironments>
  tracking: Tracking
  models: Models
  /** Models as endpoints find them, also such that are not registered. */
  served: ModelSource
  jobs: Jobs
  endpoints: Endpoints
  collection: Collection
}

/** Builds gates and what acts on their word. */
export function composeLoop(kernel: Kernel, acted: Acted): Loop {
  const { data, environments, tracking, models, served, jobs, endpoints, collection } = acted
  const gates = buildGates({
    ...{ ...kernel, data, jobs, models: served },
    environment: environments.plan,
    async runMetrics(workspace, runId) {
      const found = await tracking.getRun(workspace, runId).catch(absent)
      const known = found?.data.metrics.filter(({ value }) => value !== null) ?? []
      return Object.fromEntries(known.map(({ key, value }) => [key, Number(value)]))
    },
  })
  const rollouts = buildRollouts({ ...kernel, endpoints, gates, models, questions: collection.questions })
  const notifications = buildNotifications({
    ...kernel,
    ...outgoing(kernel, tracking),
    deliveryLog: deliveryLogOf(kernel),
  })
  const acting = { gates, rollouts, models, jobs, runFacts: runFactsOf(tracking) }
  const automation = buildAutomation({ ...kernel, ...outgoing(kernel, tracking), ...acting })
  return {
    domains: [gates, rollouts, notifications, automation],
    rollouts,
    start() {
      for (const domain of [rollouts, notifications, automation]) domain.start()
    },
    async stop() {
      await automation.stop()
      await rollouts.stop()
      await notifications.stop()
    },
  }
}

const deliveryLogOf = ({ config }: Kernel) => ({
  size: config.delivery_log_size,
  seconds: secondsOfDuration(config.delivery_log_retention),
})

/** How notifications leave this server. */
const outgoing = ({ config, url, serviceMetrics }: Kernel, tracking: Tracking) => ({
  metric: serviceMetrics.query,
  allowPrivateUrls: config.allow_private_urls,
  smtp: smtpOf(config),
  url: () => config.public_url?.replace(/\/$/, '') ?? url(),
  async run(workspace: string, name: string) {
    const run = await tracking.getRun(workspace, name).catch(absent)
    if (run === undefined) return undefined
    const tags = Object.fromEntries(run.data.tags.map(({ key, value }) => [key, value]))
    return { experiment_id: String(run.row.experiment_id), tags }
  },
})

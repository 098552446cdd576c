import { availableParallelism } from 'node:os'
import { type MetricSeries, metricResolutions, type ServiceSample } from '@hagane/contract'
import type { BoundRoute } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import { JobUsage, type UsagePoint, type UsedBy } from './job-usage.ts'
import { OwnCounters } from './own-counters.ts'
import { type OwnDeps, OwnSamples } from './own-sample.ts'
import { serverPage } from './page.ts'
import { takeAlerts } from './prometheus-alerts.ts'
import { type MetricQuestion, seriesOf } from './query.ts'
import { listSubjects } from './reads.ts'
import { everyTenSeconds } from './rounds.ts'
import { metricRoutesOf } from './routes.ts'
import type { Retention } from './span.ts'
import { deleteBefore, forgetSubjects } from './store.ts'
import { takeSamples } from './take.ts'

export type { MetricQuestion } from './query.ts'

export interface ServiceMetrics {
  routes: BoundRoute[]
  /** One value over the whole time that is asked for; undefined when nothing was measured. Throws invalid. */
  query(workspace: string, asked: MetricQuestion): Promise<number | undefined>
  /** The value over the whole time, and one for each step. Throws invalid. */
  series(workspace: string, asked: MetricQuestion): Promise<MetricSeries>
  /** A call of the API was answered. */
  answered(status: number, seconds: number | undefined): void
  /** A step was measured. */
  noteUsage(of: UsedBy, points: readonly UsagePoint[]): void
  /** Tells of this server every ten seconds, and deletes what is older than its time. */
  start(): void
  /** Tells a last time. */
  stop(): Promise<void>
}

interface Deps extends OwnDeps {
  log: Logger
  retention: Retention
  /** Hears of each sample of this server, for a collector. */
  told?: ((sample: ServiceSample) => void) | undefined
}

const sweepEveryRounds = 60

/** Service metrics: what deployments, jobs, computes and servers count, kept at three resolutions. */
export function buildServiceMetrics(deps: Deps): ServiceMetrics {
  const { db, log, retention, serverId } = deps
  const counters = new OwnCounters()
  const usage = new JobUsage(availableParallelism())
  const own = new OwnSamples(deps, counters, usage)
  db.onCommit(seconds => counters.database.observe(seconds))
  const series = (workspace: string, asked: MetricQuestion) => seriesOf({ db, retention }, workspace, asked)
  const tell = async () => {
    const sample = await own.next()
    deps.told?.(sample)
    await takeSamples(db, { source: `server/${serverId}`, samples: [sample] })
  }
  const sweep = async () => {
    const now = Math.floor(db.clock.now().getTime() / 1000)
    for (const resolution of metricResolutions) await deleteBefore(db, resolution, now - retention[resolution])
    await forgetSubjects(db, now - Math.max(...Object.values(retention)))
  }
  let rounds = 0
  let running: { stop(): Promise<void> } | undefined
  return {
    routes: metricRoutesOf({
      series,
      subjects: (...of) => listSubjects(db, ...of),
      take: samples => takeSamples(db, samples),
      takeAlerts: (who, message) => takeAlerts(db, who, message),
      page: async () => serverPage(counters, await own.gauges(), usage, db.clock.now().getTime()),
    }),
    series,
    query: async (workspace, asked) => (await series(workspace, asked)).value ?? undefined,
    answered: (status, seconds) => counters.answered(status, seconds),
    noteUsage: (of, points) => usage.note(of, points, db.clock.now().getTime()),
    start() {
      running = everyTenSeconds(async () => {
        await tell()
        if (rounds++ % sweepEveryRounds === 0) await sweep()
      }, log)
    },
    async stop() {
      if (running === undefined) return
      await running.stop()
      await tell().catch((error: unknown) => log.warn({ err: error }, 'the last service metrics could not be taken'))
    },
  }
}

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  HaganeError,
  type MonitorDefinition,
  type MonitorRun,
  type OpenFinding,
  type SignalResult,
} from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { buildEventLog, eventsAfter } from '../../kernel/events/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildTasks } from '../../kernel/tasks/index.ts'
import { buildCollection, type CollectedPeriods } from '../collection/index.ts'
import { buildSchedules, type Schedules } from '../schedules/index.ts'
import { buildMonitoring, type Monitoring } from './index.ts'
import type { Explained, MonitoringNeeds } from './needs.ts'
import { findingsOf, resultsOfRun } from './views.ts'

export const who = { workspace: 'default', actor: 'somebody' }
const notHere = () => Promise.reject(new Error('not in this test'))

/** Collection as it is, of one revision of deployment blue of endpoint e. */
const collectionIn = (db: Database, dir: string, revision: string) =>
  buildCollection({
    ...{ db, log: buildLog('silent'), dataDir: dir, redactionKey: 'k', background: false },
    datastore: { name: 'workspaceblobstore', folder: async () => join(dir, 'store') },
    writeTo: notHere,
    table: notHere,
    revisionsOf: async () => [revision],
    revision: async () => ({ workspace: 'default', endpoint: 'e', deployment: 'blue' }),
    keepSeconds: { collected: 90 * 86_400, predictions: undefined },
  })

interface State {
  deployed: boolean
  collects: boolean
  /** What is deployed scores in jobs; these have completed. */
  scored: string[] | undefined
  /** Jobs that made the model, and what explains it. */
  makers: string[]
  explained: Explained | undefined
  /** As many readers are killed with their first answer. */
  killReaders: number
}

const collectorOf = ({ collects }: State) => ({ collections: { model_inputs: { enabled: collects } } })

/** What monitors ask of others: collection and tables are real, the deployment and its tables stand there by themselves. */
function needsIn(db: Database, dir: string, revision: string, state: State) {
  const log = buildLog('silent')
  const local = (uri: string) => join(dir, uri.replace(/^(azureml:|hagane:\/\/trees\/)/, ''))
  return {
    ...{ db, log, events: buildEventLog(db, log), tasks: buildTasks(db, log, 'test') },
    async deployment() {
      if (!state.deployed) return undefined
      const spec = state.scored === undefined ? { spec: { data_collector: collectorOf(state) } as never } : {}
      return { ...spec, model: 'azureml:m:1' }
    },
    collected: withKills(collectionIn(db, dir, revision).periods, state),
    workDir: join(dir, 'monitoring'),
    background: false,
    resolve: async (_: string, uri: string) => ({ tree: uri, path: '' }),
    async table(_: string, uri: string) {
      if (existsSync(local(uri))) return { name: uri, path: local(uri), root: dir }
      throw new HaganeError('not_found', `there is no ${uri}`)
    },
    makersOf: async () => state.makers,
    explained: async () => state.explained,
    blobs: undefined as never,
    chart: async () => {},
    batch: { completed: async () => state.scored ?? [] },
    components: { resolve: notHere },
    jobs: { submit: notHere, named: async () => [] },
  }
}

/** Readers that are killed while they answer. */
const withKills = (periods: CollectedPeriods, state: State): CollectedPeriods => ({
  ...periods,
  async ask(place, period, request, reader) {
    const answer = periods.ask(place, period, request, reader)
    if (state.killReaders === 0) return answer
    answer.catch(() => {})
    while (reader.pid === undefined) await sleep(1)
    process.kill(reader.pid, 'SIGKILL')
    state.killReaders -= 1
    return answer
  },
})

/** Schedules and monitors, each knowing the other. */
function built(parts: Omit<MonitoringNeeds, 'schedules'>) {
  let monitoring: Monitoring
  const schedules: Schedules = buildSchedules({
    ...{ db: parts.db, log: parts.log },
    jobs: { submit: notHere, check: notHere, specOf: notHere },
    monitors: {
      check: (...of) => monitoring.actions.check(...of),
      begin: (...of) => monitoring.actions.begin(...of),
      stored: (...of) => monitoring.actions.stored(...of),
      deleted: (...of) => monitoring.actions.deleted(...of),
    },
  })
  const needs = { ...parts, schedules: schedules.monitors }
  monitoring = buildMonitoring(needs)
  return { schedules, needs, monitoring }
}

/** Monitors over captures that a test writes; `idle` ones judge nothing by themselves. */
export function watchedDeployment(database: { db(): Database }, revision: string, { idle = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'hagane-monitoring-'))
  const state = {
    ...{ deployed: true, collects: false, files: 0, scored: undefined as string[] | undefined },
    ...{ makers: [] as string[], explained: undefined as Explained | undefined, killReaders: 0 },
  }
  const { schedules, needs, monitoring } = built(needsIn(database.db(), dir, revision, state))
  if (!idle) needs.tasks.start()
  return {
    ...{ state, schedules, monitoring, dir },
    write: (name: string, text: string) => writeFileSync(join(dir, name), text),
    capture(folder: string, frames: Buffer[]): void {
      const path = join(
        dir,
        'gateway/captures',
        folder,
        `2026-11-26T10.${String(state.files++).padStart(26, '0')}.capture`,
      )
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, Buffer.concat(frames))
    },
    create: (name: string, signals: MonitorDefinition['monitoring_signals'], more: Partial<MonitorDefinition> = {}) =>
      schedules.monitors.put(who, {
        ...{ name, catch_up: 'latest', is_enabled: false },
        trigger: { type: 'recurrence', frequency: 'minute', interval: 1, time_zone: 'UTC' },
        create_monitor: {
          monitoring_target: { endpoint_deployment_id: 'azureml:e:blue' },
          monitoring_signals: signals,
          ...more,
        },
      }),
    /** Judges a moment, and answers when that is done. */
    async judged(name: string, time: string): Promise<MonitorRun & { results: SignalResult[] }> {
      const run = await schedules.monitors.run(who, name, new Date(time))
      for (;;) {
        const found = await resultsOfRun(needs, 'default', name, run)
        if (found.finished_at !== undefined) return found
        await sleep(50)
      }
    },
    findings: (name: string): Promise<OpenFinding[]> => findingsOf(needs, 'default', name),
    async events(name: string) {
      const rows = await eventsAfter(database.db(), 0, 10_000, { subject: `monitor/${name}` })
      return rows.map(({ type, data }) => ({ type: type.replace('dev.hagane.monitor.', ''), data: JSON.parse(data) }))
    },
    async stop(): Promise<void> {
      await needs.tasks.stop()
      await needs.events.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

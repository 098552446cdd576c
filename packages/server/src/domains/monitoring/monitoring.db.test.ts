import { setTimeout as sleep } from 'node:timers/promises'
import {
  type MonitorDefinition,
  type MonitorResource,
  type MonitorRun,
  monitorRoutes,
  scheduleRoutes,
} from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

const clock = { time: new Date(), now: () => new Date(clock.time) }
const at = (text: string): Date => new Date(`2026-07-10T${text}Z`)
const hourly = { type: 'cron' as const, expression: '0 * * * *', time_zone: 'UTC' }
const watching: MonitorDefinition = {
  monitoring_target: { ml_task: 'classification', endpoint_deployment_id: 'azureml:flights:blue' },
  alert_notification: { emails: ['ops@example.com'] },
}

eachDialect(
  'monitors of two servers on one database',
  database => {
    const apps: TestApp[] = []
    let client: TestApp['client']
    const server = async (): Promise<TestApp> => {
      const app = await buildTestApp({ settings: { database: database.location() }, overrides: { clock } })
      apps.push(app)
      return app
    }
    const create = (name: string, create_monitor: object = watching, more: object = {}): Promise<MonitorResource> =>
      client.call(monitorRoutes.create, {
        body: { monitor: { name, trigger: hourly, create_monitor, ...more } as never },
      })
    const show = (name: string) => client.call(monitorRoutes.show, { params: { name } })
    const runsOf = async (name: string): Promise<MonitorRun[]> =>
      (await client.call(monitorRoutes.runs, { params: { name } })).items
    const until = async <T>(ask: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> => {
      for (;;) {
        const value = await ask()
        if (isIt(value)) return value
        await sleep(20)
      }
    }
    const eventsOf = async (name: string) =>
      (await eventsAfter(database.db(), 0, 10_000, { subject: `monitor/${name}` })).map(({ type }) =>
        type.replace('dev.hagane.monitor.', ''),
      )

    beforeAll(async () => {
      clock.time = at('10:00:00')
      client = (await server()).client
      await server()
    })
    afterAll(async () => {
      for (const app of apps) await app[Symbol.asyncDispose]()
    })
    beforeEach(() => {
      clock.time = at('10:30:00')
    })

    it('judge each time once, and say why where there is nothing to judge', async () => {
      await create('hourly')
      clock.time = at('11:00:00')
      await until(
        () => runsOf('hourly'),
        ([newest]) => newest?.finished_at !== undefined,
      )
      clock.time = at('12:00:01')
      const runs = await until(
        () => runsOf('hourly'),
        ([newest]) => newest?.time.slice(11, 16) === '12:00' && newest.finished_at !== undefined,
      )
      expect(runs.map(({ name, kind, status, result }) => ({ name, kind, status, result }))).toEqual(
        ['120000', '110000'].map(time => ({
          name: `hourly-20260710T${time}Z`,
          kind: 'tick',
          status: 'Completed',
          result: 'not_judged',
        })),
      )
      expect(await eventsOf('hourly')).toEqual(['created', 'run-completed', 'run-completed'])
      const scheduled = await client.call(scheduleRoutes.runs, { params: { name: 'hourly' } })
      expect(scheduled.items.map(({ outcome, run, job }) => ({ outcome, run, job }))).toEqual([
        { outcome: 'submitted', run: 'hourly-20260710T120000Z' },
        { outcome: 'submitted', run: 'hourly-20260710T110000Z' },
      ])
    })

    it('judge each time once when the clock jumps on, back and on again', async () => {
      const timesOf = async (name: string) => (await runsOf(name)).map(({ time }) => time.slice(11, 16))
      const judgedAt = async (name: string, time: string) =>
        until(
          () => runsOf(name),
          runs => runs[0]?.time.slice(11, 16) === time && runs.every(run => run.finished_at !== undefined),
        )
      await create('jumping', watching, { catch_up: 'all' })
      await create('newest', watching, { catch_up: 'latest' })
      clock.time = at('13:05:00')
      await judgedAt('jumping', '13:00')
      await judgedAt('newest', '13:00')
      clock.time = at('11:30:00')
      await create('witness', watching, { trigger: { ...hourly, expression: '35 * * * *' } })
      clock.time = at('11:35:00')
      // times are looked at while the clock is behind
      await judgedAt('witness', '11:35')
      clock.time = at('14:00:00')
      await judgedAt('jumping', '14:00')
      await judgedAt('newest', '14:00')
      expect(await timesOf('jumping')).toEqual(['14:00', '13:00', '12:00', '11:00'])
      expect(await timesOf('newest')).toEqual(['14:00', '13:00'])
      const events = await eventsAfter(database.db(), 0, 10_000, { subject: 'schedule/newest' })
      const skipped = events.filter(({ type }) => type === 'dev.hagane.schedule.skipped')
      expect(skipped.map(({ data }) => JSON.parse(data))).toMatchObject([
        { from: '2026-07-10T11:00:00.000Z', to: '2026-07-10T12:00:00.000Z' },
      ])
    })

    it('are schedules too: listed, switched, updated and deleted by either name', async () => {
      await create('both', watching, { is_enabled: false, tags: { a: 1 } })
      expect(await client.call(scheduleRoutes.show, { params: { name: 'both' } })).toMatchObject({
        create_monitor: watching,
        is_enabled: false,
        tags: { a: '1' },
      })
      await client.call(scheduleRoutes.update, { params: { name: 'both' }, body: { is_enabled: true } })
      expect(await show('both')).toMatchObject({ is_enabled: true, next_run_time: '2026-07-10T11:00:00.000Z' })
      const body = { create_monitor: { ...watching, monitoring_signals: { q: { type: 'data_quality' as const } } } }
      await client.call(monitorRoutes.update, { params: { name: 'both' }, body })
      await expect(client.call(scheduleRoutes.trigger, { params: { name: 'both' } })).rejects.toMatchObject({
        kind: 'invalid',
        hint: expect.stringContaining('hagane monitor run -n both'),
      })
      await client.call(scheduleRoutes.delete, { params: { name: 'both' } })
      await expect(show('both')).rejects.toMatchObject({ kind: 'not_found' })
      expect(await eventsOf('both')).toEqual(['created', 'enabled', 'updated', 'deleted'])
    })

    it('judge any moment on request, also twice, and also when disabled', async () => {
      await create('asked', watching, { is_enabled: false })
      const params = { name: 'asked' }
      const body = { time: '2026-07-01T00:00:00Z' }
      const first = await client.call(monitorRoutes.run, { params, body })
      const second = await client.call(monitorRoutes.run, { params, body })
      expect(first).toMatchObject({ kind: 'manual', name: 'asked-20260701T000000Z', time: '2026-07-01T00:00:00.000Z' })
      expect(second.name).not.toBe(first.name)
      await until(
        () => runsOf('asked'),
        runs => runs.length === 2 && runs.every(run => run.finished_at !== undefined),
      )
    })

    it.each([
      [
        {
          monitoring_signals: { x: { type: 'generation_safety_quality' } },
          monitoring_target: { endpoint_deployment_id: 'fake_endpoint_id' },
        },
        'unsupported',
        'Azure OpenAI',
      ],
      [{ monitoring_target: { endpoint_deployment_id: 'fake' } }, 'invalid', "'fake' names no deployment"],
      [{}, 'invalid', 'not said what to look at'],
      [{ ...watching, monitoring_signals: {} }, 'invalid', 'there are none'],
    ])('refuse %j', async (definition, kind, message) => {
      const refused = create('refused', definition)
      await expect(refused).rejects.toMatchObject({ kind, message: expect.stringContaining(message) })
      await expect(show('refused')).rejects.toMatchObject({ kind: 'not_found' })
    })

    it('are made before what they look at, with a warning for each thing that is not there', async () => {
      const data = { input_data: { path: 'azureml:nothing:1' }, pre_processing_component: 'azureml:prepare:2' }
      const made = await create('early', {
        ...watching,
        monitoring_signals: {
          drift: {
            type: 'data_drift',
            production_data: data,
            reference_data: { input_data: { path: 'azureml:train:3' } },
          },
          mine: { type: 'custom', component_id: 'azureml:mine:1', input_data: { a: data }, metric_thresholds: [] },
        },
      })
      const signals = 'create_monitor.monitoring_signals'
      expect(made.warnings?.map(text => text.split(': ')[0])).toEqual([
        'create_monitor.monitoring_target.endpoint_deployment_id',
        `${signals}.drift.production_data.input_data.path`,
        `${signals}.drift.production_data.pre_processing_component`,
        `${signals}.drift.reference_data.input_data.path`,
        `${signals}.mine.component_id`,
        `${signals}.mine.input_data.a.input_data.path`,
        `${signals}.mine.input_data.a.pre_processing_component`,
      ])
      expect(made.warnings?.[0]).toContain('there is no deployment blue at endpoint flights')
      expect(await show('early')).not.toHaveProperty('warnings')
    })

    it('do not take the name of a schedule that creates jobs', async () => {
      const schedule = { name: 'jobs', trigger: hourly, create_job: { type: 'command' as const, command: 'ls' } }
      await client.call(scheduleRoutes.create, { body: { schedule } })
      await expect(create('jobs')).rejects.toMatchObject({ kind: 'conflict' })
      await expect(show('jobs')).rejects.toMatchObject({ kind: 'not_found' })
    })
  },
  clock,
)

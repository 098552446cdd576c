import { setTimeout as sleep } from 'node:timers/promises'
import {
  type JobResource,
  type JobSpec,
  jobRoutes,
  lineageRoutes,
  type ScheduleResource,
  scheduleRoutes,
} from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Tx, Who } from '../../kernel/db/index.ts'
import { eventsAfter } from '../../kernel/events/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildSchedules } from './index.ts'
import type { ScheduleNeeds } from './needs.ts'
import { putSchedule } from './service.ts'

const clock = { time: new Date(), now: () => new Date(clock.time) }
const at = (text: string): Date => new Date(`2026-07-10T${text}Z`)
const hourly = { type: 'cron' as const, expression: '0 * * * *', time_zone: 'UTC' }
/** None of these schedules has a monitor judge. */
const noMonitors: ScheduleNeeds['monitors'] = {
  check: () => Promise.reject(new Error('no monitor')),
  begin: () => Promise.reject(new Error('no monitor')),
  stored: () => Promise.reject(new Error('no monitor')),
  deleted: () => Promise.reject(new Error('no monitor')),
}
const job: JobSpec = { type: 'command', command: 'echo ${{inputs.name}}', inputs: { name: '${{name}}' } }

eachDialect(
  'schedules of a server',
  database => {
    const apps: TestApp[] = []
    let url: TestApp['client']
    const server = async (): Promise<TestApp> => {
      const app = await buildTestApp({ settings: { database: database.location() }, overrides: { clock } })
      apps.push(app)
      return app
    }
    const create = (name: string, more: object = {}): Promise<ScheduleResource> =>
      url.call(scheduleRoutes.create, {
        body: { schedule: { name, trigger: hourly, create_job: { job }, ...more } as never },
      })
    const show = (name: string) => url.call(scheduleRoutes.show, { params: { name } })
    const runsOf = async (name: string) =>
      (await url.call(scheduleRoutes.runs, { params: { name } })).items.map(({ time, job, outcome }) => ({
        time: time.slice(11, 16),
        outcome,
        ...(job === undefined ? {} : { job }),
      }))
    /** Moves the clock and waits until the schedule has gone on to its next time. */
    const moveTo = async (text: string, name: string, next: string | undefined) => {
      clock.time = at(text)
      while ((await show(name)).next_run_time?.slice(11, 16) !== next) await sleep(20)
    }
    const eventsOf = async (name: string) =>
      (await eventsAfter(database.db(), 0, 10_000, { subject: `schedule/${name}` })).map(({ type, data }) => ({
        type: type.replace('dev.hagane.schedule.', ''),
        data: JSON.parse(data),
      }))

    beforeAll(async () => {
      clock.time = at('10:00:00')
      url = (await server()).client
      await server()
    })
    afterAll(async () => {
      for (const app of apps) await app[Symbol.asyncDispose]()
    })
    beforeEach(() => {
      clock.time = new Date('2026-07-10T10:30:00Z')
    })

    it('creates one job for each time although two servers look, named after the time, and says so everywhere', async () => {
      const created = await create('hourly', { tags: { a: 1 } })
      expect(created).toMatchObject({
        next_run_time: '2026-07-10T11:00:00.000Z',
        is_enabled: true,
        catch_up: 'latest',
        provisioning_state: 'Succeeded',
      })
      await moveTo('11:00:00', 'hourly', '12:00')
      await moveTo('12:00:01', 'hourly', '13:00')
      expect(await runsOf('hourly')).toEqual([
        { time: '12:00', outcome: 'submitted', job: 'hourly-20260710T120000Z' },
        { time: '11:00', outcome: 'submitted', job: 'hourly-20260710T110000Z' },
      ])
      const { items } = await url.call(jobRoutes.list, { query: { limit: 10 } })
      expect(items.map(item => item.name)).toEqual(['hourly-20260710T120000Z', 'hourly-20260710T110000Z'])
      expect(items[0]).toMatchObject({
        display_name: 'hourly-20260710T120000Z',
        inputs: { name: 'hourly-20260710T120000Z' },
        properties: { 'hagane.schedule': 'hourly', 'hagane.trigger_time': '2026-07-10T12:00:00.000Z' },
        creation_context: { created_by: 'schedule:hourly' },
      })
      expect((await eventsOf('hourly')).map(event => event.type)).toEqual(['created', 'triggered', 'triggered'])
      const { nodes } = await url.call(lineageRoutes.show, { query: { of: 'job:hourly-20260710T120000Z' } })
      expect(nodes.map(node => node.id)).toEqual(expect.arrayContaining(['schedule:hourly', 'person:local:tester']))
    })

    it('after an outage creates the newest job, none, or each, and tells what it left out', async () => {
      for (const catch_up of ['none', 'latest', 'all']) await create(catch_up, { catch_up })
      for (const name of ['none', 'latest', 'all']) await moveTo('13:20:00', name, '14:00')
      expect(await runsOf('none')).toEqual([])
      expect((await runsOf('latest')).map(run => run.time)).toEqual(['13:00'])
      expect((await runsOf('all')).map(run => run.time)).toEqual(['13:00', '12:00', '11:00'])
      const skipped = { from: '2026-07-10T11:00:00.000Z', to: '2026-07-10T12:00:00.000Z', catch_up: 'latest' }
      expect((await eventsOf('latest')).find(event => event.type === 'skipped')?.data).toMatchObject(skipped)
      expect((await eventsOf('all')).map(event => event.type)).not.toContain('skipped')
    })

    it('disabled passes its times, and enabled again starts from now', async () => {
      await create('paused')
      const change = (is_enabled: boolean) =>
        url.call(scheduleRoutes.update, { params: { name: 'paused' }, body: { is_enabled } })
      expect(await change(false)).toMatchObject({ is_enabled: false })
      expect(await show('paused')).not.toHaveProperty('next_run_time')
      clock.time = at('13:20:00')
      expect(await change(true)).toMatchObject({ is_enabled: true, next_run_time: '2026-07-10T14:00:00.000Z' })
      expect(await runsOf('paused')).toEqual([])
      expect((await eventsOf('paused')).map(event => event.type)).toEqual(['created', 'disabled', 'enabled'])
    })

    it('ends at its end, and a new trigger gives it times again', async () => {
      await create('short', { trigger: { ...hourly, end_time: '2026-07-10T11:00:00' } })
      await moveTo('11:00:00', 'short', undefined)
      expect((await runsOf('short')).length).toBe(1)
      const params = { name: 'short' }
      const update = await url.call(scheduleRoutes.update, { params, body: { trigger: hourly } })
      expect(update.next_run_time).toBe('2026-07-10T12:00:00.000Z')
    })

    it('goes on behind a time whose job is refused, and keeps why', async () => {
      await create('orphan', {
        create_job: { job: { type: 'command', command: 'true', environment: 'azureml:gone@latest' } },
      })
        .then(() => expect.unreachable())
        .catch(error => expect(error.message).toContain('create_job: job.environment: '))
      await create('broken')
      // a name of 255 characters leaves no room for the numbers that a taken name gets
      for (const suffix of ['', '-2', '-3', '-4', '-5'])
        await url.call(jobRoutes.create, {
          body: { job: { type: 'command', command: 'true', name: `broken-20260710T110000Z${suffix}` } },
        })
      await moveTo('11:00:00', 'broken', '12:00')
      expect(await show('broken')).toMatchObject({ last_run: { error: expect.stringContaining('already exists') } })
      expect(await runsOf('broken')).toEqual([{ time: '11:00', outcome: 'failed' }])
      await moveTo('12:00:00', 'broken', '13:00')
      expect((await runsOf('broken'))[0]).toMatchObject({ outcome: 'submitted' })
    })

    it('triggers beside its times, twice in a second, also when disabled', async () => {
      await create('manual', { is_enabled: false })
      const trigger = () => url.call(scheduleRoutes.trigger, { params: { name: 'manual' } })
      expect((await trigger()).name).toBe('manual-20260710T103000Z')
      expect((await trigger()).name).toBe('manual-20260710T103000Z-2')
      expect((await url.call(scheduleRoutes.runs, { params: { name: 'manual' } })).items.map(run => run.kind)).toEqual([
        'manual',
        'manual',
      ])
    })

    it('takes the specification of an earlier job, with overrides', async () => {
      const { name } = await url.call(jobRoutes.create, {
        body: {
          job: {
            type: 'pipeline',
            inputs: { n: 1 },
            jobs: { a: { command: 'echo ${{inputs.n}}', inputs: { n: '${{parent.inputs.n}}' } } },
          },
        },
      })
      const created = await create('again', { create_job: { job: `azureml:${name}`, inputs: { n: 2 } } })
      expect(created.create_job).toMatchObject({ type: 'pipeline', inputs: { n: 2 }, jobs: { a: {} } })
      const run = await url.call(scheduleRoutes.trigger, { params: { name: 'again' } })
      expect(run.inputs).toEqual({ n: '2' })
    })

    it('lists by name, enabled or not, and tells the next times in both zones', async () => {
      const { items } = await url.call(scheduleRoutes.list, { query: { enabled: 'false' } })
      expect(items.map(item => item.name)).toEqual(['manual'])
      await create('zoned', { trigger: { ...hourly, expression: '0 2 * * *', time_zone: 'Pacific Standard Time' } })
      expect(await url.call(scheduleRoutes.next, { params: { name: 'zoned' }, query: { count: 1 } })).toEqual({
        time_zone: 'Pacific Standard Time',
        times: [{ utc: '2026-07-11T09:00:00.000Z', local: '2026-07-11T02:00:00' }],
      })
    })

    it('is replaced by one of the same name, and forgotten with its runs when deleted', async () => {
      await create('hourly', { description: 'second' })
      expect(await show('hourly')).toMatchObject({ description: 'second', etag: '2', tags: {} })
      await url.call(scheduleRoutes.delete, { params: { name: 'hourly' } })
      await expect(show('hourly')).rejects.toMatchObject({ kind: 'not_found' })
      expect((await url.call(jobRoutes.show, { params: { name: 'hourly-20260710T110000Z' } })).name).toBeDefined()
    })

    it.each([
      [{ trigger: { ...hourly, expression: '0 0 30 2 *' } }, 'trigger: no time ever comes'],
      [{ trigger: { ...hourly, end_time: '2026-01-01T00:00:00' } }, 'is before the start'],
      [{ create_job: { job: './job.yml' } }, "create_job.job: './job.yml' does not name a job"],
      [{ create_job: 'azureml:nothing' }, "no job 'nothing'"],
      [{ create_job: { job, type: 'pipeline' } }, 'the job is of type command, not pipeline'],
    ])('refuses %j', async (more, message) => {
      await expect(create('refused', more)).rejects.toThrow(message)
    })
  },
  clock,
)

describe('two servers at the same time', () => {
  eachDialect(
    'schedules',
    database => {
      it('submit one job, even when both have planned it before either writes', async () => {
        clock.time = at('10:30:00')
        let waiting = 0
        let release = () => {}
        const bothPlanned = new Promise<void>(resolve => {
          release = resolve
        })
        const submitted: string[] = []
        const needs: ScheduleNeeds = {
          db: database.db(),
          log: buildLog('silent'),
          monitors: noMonitors,
          jobs: {
            check: async () => {},
            specOf: async () => job,
            async submit(who: Who, { job }, inTx: (tx: Tx) => Promise<void>) {
              if (++waiting === 2) release()
              await bothPlanned
              await database.db().withTransaction(who, inTx)
              submitted.push(job.name ?? '')
              return { name: job.name } as JobResource
            },
          },
        }
        const spec = { name: 'raced', trigger: hourly, create_job: { job }, catch_up: 'latest' as const }
        await putSchedule(needs, { workspace: 'default', actor: 'local:tester' }, { schedule: spec })
        clock.time = at('11:00:00')
        const servers = [buildSchedules(needs), buildSchedules(needs)]
        await Promise.all(servers.map(server => server.poll()))
        expect(submitted).toEqual(['raced-20260710T110000Z'])
        for (const server of servers) await server.stop()
      })
    },
    clock,
  )
})

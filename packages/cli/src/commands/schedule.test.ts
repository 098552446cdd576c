import { type ScheduleResource, scheduleRoutes } from '@hagane/contract'
import { expect, it } from 'vitest'
import { bind, contractServer } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { jobOf } from '../testing/memory-jobs.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { runCli } from '../testing/run-cli.ts'

const time = '2026-11-23T22:50:10.000Z'
const files = {
  'nightly.yml':
    'name: nightly\ntrigger: {type: cron, expression: "0 2 * * *", time_zone: Pacific Standard Time}\ncreate_job: ./job.yml\n',
  'job.yml': 'command: python train.py\ncode: src\n',
  'src/train.py': 'print(1)',
}

const nightly: ScheduleResource = {
  id: 'azureml:nightly',
  name: 'nightly',
  tags: { a: '1' },
  properties: {},
  trigger: { type: 'cron', expression: '0 2 * * *', time_zone: 'Pacific Standard Time' },
  create_job: {},
  catch_up: 'latest',
  is_enabled: true,
  provisioning_state: 'Succeeded',
  next_run_time: time,
  etag: '1',
  creation_context: { created_at: time, created_by: 't', last_modified_at: time, last_modified_by: 't' },
}

async function withServer(
  work: (run: (...argv: string[]) => ReturnType<typeof runCli>, asked: unknown[]) => Promise<void>,
) {
  const asked: unknown[] = []
  const note = <T>(value: unknown, answer: T): T => {
    asked.push(value)
    return answer
  }
  const store = new MemoryStore()
  await using server = await contractServer(
    ...store.routes,
    bind(scheduleRoutes.create, ({ body }) => note({ ...body, code: store.filesAt(codeOf(body)) }, nightly)),
    bind(scheduleRoutes.show, () => nightly),
    bind(scheduleRoutes.list, ({ query }) => note(query.enabled, { items: [nightly] })),
    bind(scheduleRoutes.update, ({ body }) => note(body, nightly)),
    bind(scheduleRoutes.delete, ({ params }) => note(params, { ok: true as const })),
    bind(scheduleRoutes.trigger, () => jobOf({ name: 'nightly-20261123T225010Z' })),
    bind(scheduleRoutes.next, ({ query }) =>
      note(query, { time_zone: 'Tokyo Standard Time', times: [{ utc: time, local: '2026-11-24T07:50:10' }] }),
    ),
    bind(scheduleRoutes.runs, () => ({
      items: [{ time, kind: 'tick' as const, outcome: 'failed' as const, error: 'no data', at: time }],
    })),
  )
  const cwd = folderWith(files)
  await work((...argv) => runCli(argv, { cwd, env: { HAGANE_URL: server.url } }), asked)
}

const codeOf = (body: { schedule: { create_job: unknown } }): string =>
  (body.schedule.create_job as { job: { code: string } }).job.code

it('create uploads what the job needs and sends the schedule with it', async () => {
  await withServer(async (run, asked) => {
    expect(await run('az', 'ml', 'schedule', 'create', '--file', 'nightly.yml', '--no-wait')).toMatchObject({ code: 0 })
    expect(asked).toMatchObject([
      {
        schedule: { name: 'nightly', create_job: { job: { type: 'command', command: 'python train.py' } } },
        code: { 'train.py': 'print(1)' },
      },
    ])
  })
})

it('update sends only what was changed, whole', async () => {
  await withServer(async (run, asked) => {
    await run('schedule', 'update', '-n', 'nightly', '--set', 'tags.b=2', 'trigger.expression=0 3 * * *')
    expect(asked).toEqual([{ tags: { a: '1', b: '2' }, trigger: { ...nightly.trigger, expression: '0 3 * * *' } }])
  })
})

it('enable and disable switch it, list shows the enabled unless asked for others', async () => {
  await withServer(async (run, asked) => {
    await run('schedule', 'disable', '-n', 'nightly', '--no-wait')
    await run('schedule', 'enable', '-n', 'nightly')
    for (const flags of [[], ['--include-disabled'], ['--disabled-only']]) await run('schedule', 'list', ...flags)
    expect(asked).toEqual([{ is_enabled: false }, { is_enabled: true }, true, undefined, false])
  })
})

it('delete asks first', async () => {
  await withServer(async (run, asked) => {
    expect(await run('schedule', 'delete', '-n', 'nightly')).toMatchObject({ code: 1 })
    expect(await run('schedule', 'delete', '-n', 'nightly', '-y')).toMatchObject({ code: 0 })
    expect(asked).toEqual([{ name: 'nightly' }])
  })
})

it('trigger answers the job, next the times in both zones, runs what became of them', async () => {
  await withServer(async run => {
    expect((await run('schedule', 'trigger', '-n', 'nightly', '--query', 'name', '-o', 'tsv')).out).toBe(
      'nightly-20261123T225010Z\n',
    )
    expect((await run('schedule', 'next', '-n', 'nightly', '-c', '1', '-o', 'table')).out).toContain(
      'Tokyo Standard Time',
    )
    expect((await run('schedule', 'runs', '-n', 'nightly', '-o', 'table')).out).toMatch(/tick +failed +no data/)
  })
})

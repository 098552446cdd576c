import { setTimeout as sleep } from 'node:timers/promises'
import { type EventRecord, type RuleRun, type RuleSpec, ruleRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter, toRecord } from '../../kernel/events/index.ts'

type Given = Omit<RuleSpec, 'is_enabled' | 'max_depth' | 'do'> & {
  do: object[]
  max_depth?: number
  is_enabled?: boolean
}

eachDialect('rules of a server', database => {
  let app: TestApp
  let second: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location(), allow_private_urls: true }, serverId: 'one' })
    second = await buildTestApp({
      settings: { database: database.location(), allow_private_urls: true },
      serverId: 'two',
      // the jobs of one need the content of the other
      dir: app.dir,
    })
  }, 120_000)
  afterAll(async () => {
    await second[Symbol.asyncDispose]()
    await app[Symbol.asyncDispose]()
  })

  const create = (rule: Given) => app.client.call(ruleRoutes.create, { body: { rule: rule as never } })
  const happen = (type: string, data: Record<string, unknown> = {}, subject = 'test/1') =>
    database
      .db()
      .withTransaction({ workspace: 'default', actor: 'local:tester' }, async tx =>
        tx.append({ type: `dev.hagane.test.${type}`, subject, data }),
      )
  const runsOf = async (name: string): Promise<RuleRun[]> =>
    (await app.client.call(ruleRoutes.runs, { params: { name } })).items
  const until = async (name: string, holds: (runs: RuleRun[]) => boolean): Promise<RuleRun[]> => {
    for (;;) {
      const runs = await runsOf(name)
      if (holds(runs)) return runs
      await sleep(50)
    }
  }
  const ended = (count: number) => (runs: RuleRun[]) =>
    runs.length >= count && runs.every(run => run.state !== 'running')
  const eventsOf = async (subject: string): Promise<EventRecord[]> =>
    (await eventsAfter(database.db(), 0, 10_000, { subject })).map(toRecord)
  const kinds = (events: EventRecord[]) => events.map(event => event.type.replace('dev.hagane.rule.', ''))

  const tell = { id: 'tell', notify: { message: 'seen ${{event.data.n}}' } }

  it('fires once for each event although two servers listen, and carries its actions out in order', async () => {
    await create({
      name: 'orderly',
      on: { event: { types: ['dev.hagane.test.orderly'], where: 'event.data.n != 2' } },
      do: [
        {
          id: 'job',
          submit_job: { job: { type: 'command', command: 'echo ${{inputs.n}}', inputs: { n: '${{event.data.n}}' } } },
        },
        { id: 'left', when: 'actions.job.result.status == "Failed"', notify: { message: 'never' } },
        {
          id: 'tell',
          notify: { message: '${{actions.job.result.job}} is ${{actions.job.state}}', severity: 'info' },
        },
      ],
    })
    for (const n of [1, 2, 3]) await happen('orderly', { n })
    const runs = await until('orderly', ended(2))
    expect(runs.map(run => [run.number, run.state])).toEqual([
      [2, 'completed'],
      [1, 'completed'],
    ])
    expect(runs[1]?.actions).toMatchObject([
      { id: 'job', state: 'succeeded', attempts: 1, result: { job: 'orderly-1-job', status: 'Completed' } },
      { id: 'left', state: 'skipped', reason: 'when: actions.job.result.status == "Failed" is false' },
      { id: 'tell', state: 'succeeded' },
    ])
    const chain = await eventsAfter(database.db(), 0, 1000, { correlation: runs[1]?.correlation_id })
    const types = chain.map(row => row.type.replace('dev.hagane.', ''))
    expect(types[0]).toBe('test.orderly')
    expect(types).toEqual(expect.arrayContaining(['rule.fired', 'job.submitted', 'job.starting', 'job.completed']))
    expect(types.filter(type => type.startsWith('rule.')).at(-1)).toBe('rule.run-completed')
    const told = chain.map(toRecord).find(event => event.type === 'dev.hagane.rule.notification')
    expect(told?.data).toMatchObject({
      message: 'orderly-1-job is succeeded',
      alert: { key: 'rule/orderly/tell', state: 'firing', severity: 'info' },
    })
  })

  it('a failing action ends the run with an alert, and the next run that completes ends the alert', async () => {
    await create({
      name: 'failing',
      on: { event: { types: ['dev.hagane.test.failing'] } },
      do: [
        { id: 'lenient', on_failure: 'continue', set_alias: { model: 'nobody:1', alias: 'x' } },
        { id: 'strict', when: 'has(event.data.bad)', set_alias: { model: 'nobody:${{event.data.n}}', alias: 'x' } },
        tell,
      ],
    })
    await happen('failing', { n: 1, bad: true })
    await happen('failing', { n: 2 })
    const [good, bad] = await until('failing', ended(2))
    expect(bad).toMatchObject({
      state: 'failed',
      actions: [{ state: 'failed' }, { state: 'failed' }, { state: 'skipped' }],
    })
    expect(bad?.error).toContain('strict: ')
    expect(good).toMatchObject({
      state: 'completed',
      actions: [{ state: 'failed' }, { state: 'skipped' }, { state: 'succeeded' }],
    })
    const alerts = (await eventsOf('rule/failing')).flatMap(({ data }) =>
      data.alert === undefined ? [] : [data.alert],
    )
    expect(alerts).toMatchObject([
      { key: 'rule/failing/run-failed', state: 'firing', severity: 'error' },
      { key: 'rule/failing/run-failed', state: 'resolved' },
    ])
  })

  it('what the script of its job does through MLflow belongs to the chain, and is there for the next action', async () => {
    const call = [
      'import json, os, urllib.request as u',
      'head = {"content-type": "application/json", "authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]}',
      'base = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/"',
      'post = lambda path, body: u.urlopen(u.Request(base + path, json.dumps(body).encode(), head))',
      'run = os.environ["MLFLOW_RUN_ID"]',
      'post("registered-models/create", {"name": "trained"})',
      'post("model-versions/create", {"name": "trained", "source": "runs:/" + run + "/model", "run_id": run})',
    ].join('\n')
    await create({
      name: 'trains',
      on: { event: { types: ['dev.hagane.test.trains'] } },
      do: [
        { id: 'train', submit_job: { job: { type: 'command', command: `python -c '${call}'` } } },
        { id: 'alias', notify: { message: '${{actions.train.result.model}}' } },
      ],
    })
    await happen('trains')
    const [run] = await until('trains', ended(1))
    expect(run).toMatchObject({ state: 'completed', actions: [{}, { result: { message: 'trained:1' } }] })
    const made = await eventsAfter(database.db(), 0, 100, {
      correlation: run?.correlation_id,
      type: 'dev.hagane.model.*',
    })
    expect(made.map(row => [row.actor, row.type])).toEqual([
      ['job:trains-1-train', 'dev.hagane.model.registered'],
      ['job:trains-1-train', 'dev.hagane.model.version-created'],
    ])
  })

  it('an action that fails is tried again as often as it says', async () => {
    await create({
      name: 'again',
      on: { event: { types: ['dev.hagane.test.again'] } },
      do: [
        {
          id: 'job',
          retry_settings: { max_retries: 1, delay: '1s' },
          submit_job: { job: { type: 'command', command: 'exit 3' } },
        },
      ],
    })
    await happen('again')
    const [run] = await until('again', ended(1))
    expect(run?.actions[0]).toMatchObject({ state: 'failed', attempts: 2, result: { job: 'again-1-job-retry1' } })
    expect(run?.actions[0]?.error).toContain('again-1-job-retry1 is Failed')
  })

  it('a rule that sets itself off is stopped, once with an alert, and so are two that set each other off', async () => {
    const on = (types: string[]) => ({ event: { types } })
    await create({
      name: 'itself',
      on: on(['dev.hagane.test.loop', 'dev.hagane.rule.*']),
      do: [tell].map(one => ({ ...one, notify: { message: 'x' } })),
    })
    await create({ name: 'other', on: on(['dev.hagane.rule.*']), do: [{ id: 'tell', notify: { message: 'y' } }] })
    await happen('loop')
    for (const name of ['itself', 'other']) {
      const runs = await until(name, found => {
        const isStopped = found.some(run => run.reason === 'loop')
        return isStopped && found.every(run => run.state !== 'running')
      })
      const chains = runs.filter(run => run.state === 'completed').map(run => run.correlation_id)
      expect(chains.length).toBeGreaterThan(0)
      expect(new Set(chains).size).toBe(chains.length)
    }
    const stopped = (await eventsOf('rule/itself')).filter(event => event.type === 'dev.hagane.rule.loop-stopped')
    expect(new Set(stopped.map(event => event.data.correlation_id)).size).toBe(stopped.length)
    expect(stopped[0]?.data.alert).toMatchObject({ key: 'rule/itself/loop', state: 'firing', severity: 'warning' })
    for (const name of ['itself', 'other'])
      await app.client.call(ruleRoutes.update, { params: { name }, body: { is_enabled: false } })
  })

  it('cooldown skips what follows and says so once; debounce acts on the last of several', async () => {
    await create({ name: 'cool', cooldown: '1h', on: { event: { types: ['dev.hagane.test.burst'] } }, do: [tell] })
    await create({ name: 'bounce', debounce: '1s', on: { event: { types: ['dev.hagane.test.burst'] } }, do: [tell] })
    for (const n of [1, 2, 3]) await happen('burst', { n })
    const cool = await until('cool', runs => runs[0]?.reason === 'cooldown' && runs[0].events === 2 && ended(2)(runs))
    expect(cool.map(run => run.state)).toEqual(['skipped', 'completed'])
    expect(kinds(await eventsOf('rule/cool')).filter(kind => kind === 'skipped')).toHaveLength(1)
    const [run] = await until('bounce', ended(1))
    expect(run).toMatchObject({ events: 3, actions: [{ result: { message: 'seen 3' } }] })
  })

  it('on a schedule it fires at each time once, also when asked to by hand, and disabled at none', async () => {
    const every = { type: 'recurrence' as const, frequency: 'minute' as const, interval: 1, time_zone: 'UTC' }
    const start_time = new Date(Date.now() - 58_000).toISOString()
    const made = await create({
      name: 'timely',
      on: { schedule: { ...every, start_time } },
      do: [{ id: 'tell', notify: { message: '${{event.type}}' } }],
    })
    expect(made.next_time).toBeDefined()
    const [run] = await until('timely', ended(1))
    expect(run?.event).toMatchObject({ type: 'dev.hagane.rule.due', subject: 'rule/timely' })
    const asked = await app.client.call(ruleRoutes.trigger, { params: { name: 'timely' }, body: { data: { x: 1 } } })
    expect(asked).toMatchObject({ number: 2, event: { type: 'dev.hagane.rule.triggered' } })
    const off = await app.client.call(ruleRoutes.update, { params: { name: 'timely' }, body: { is_enabled: false } })
    expect(off.next_time).toBeUndefined()
  })

  describe('is refused with the property that is wrong', () => {
    const on = { event: { types: ['dev.hagane.x'] } }
    it.each<[string, Record<string, unknown>]>([
      ['on.event.where', { on: { event: { where: 'event.data.x >' } }, do: [tell] }],
      ['do.0.when', { on, do: [{ ...tell, when: '1 +' }] }],
      ["no action before this one has the id 'later'", { on, do: [{ ...tell, when: 'actions.later.state == "x"' }] }],
      ['do.0.notify.message', { on, do: [{ id: 'a', notify: { message: '${{event.}}' } }] }],
      ['an action does one thing', { on, do: [{ id: 'a' }] }],
      ['an action does one thing', { on, do: [{ ...tell, set_alias: { model: 'a:1', alias: 'b' } }] }],
      ["two actions have the id 'tell'", { on, do: [tell, tell] }],
      ['name at least one of event, schedule and git', { on: {}, do: [tell] }],
      ['can be waited for', { on, do: [{ ...tell, wait: true }] }],
      ['do.0.submit_job', { on, do: [{ id: 'a', submit_job: { job: 'azureml:nobody' } }] }],
      [
        'do.0.submit_job',
        {
          on,
          do: [{ id: 'a', submit_job: { job: { type: 'command', command: 'x', environment: 'azureml:none:1' } } }],
        },
      ],
    ])('%s', async (message, rule) => {
      await expect(create({ name: 'wrong', ...rule } as never)).rejects.toThrow(message)
    })
  })

  it('a test tells what would happen and does nothing', async () => {
    await create({
      name: 'tested',
      on: { event: { types: ['dev.hagane.test.tested'], where: 'event.data.n > 1' } },
      do: [
        tell,
        { id: 'next', set_alias: { model: '${{actions.tell.result.model}}', alias: 'a' } },
        { id: 'bad', notify: { message: '${{event.data.gone}}' } },
      ],
      is_enabled: false,
    })
    await happen('tested', { n: 1 })
    const [row] = await eventsAfter(database.db(), 0, 1, { type: 'dev.hagane.test.tested' })
    for (const event of [String(row?.seq), String(row?.id)]) {
      const told = await app.client.call(ruleRoutes.test, { params: { name: 'tested' }, query: { event } })
      expect(told.fires).toBe(false)
      expect(told.checks.map(check => [check.what, check.holds])).toEqual([
        ['is_enabled', false],
        ['on.event.types', true],
        ['on.event.where', false],
        ['limits', true],
      ])
      expect(told.actions).toMatchObject([
        { id: 'tell', verdict: 'runs', rendered: { message: 'seen 1' } },
        { id: 'next', verdict: 'depends', detail: 'on what comes of tell' },
        { id: 'bad', verdict: 'refused' },
      ])
    }
    expect(await runsOf('tested')).toEqual([])
    await expect(
      app.client.call(ruleRoutes.test, { params: { name: 'tested' }, query: { event: '999999' } }),
    ).rejects.toThrow('no event 999999')
  })
})

import { createHmac } from 'node:crypto'
import { subscriptionRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect } from '@hagane/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openReceiver } from './testing/receiver.ts'
import { SubscribedServer, to, until } from './testing/subscribed-server.ts'

const MINUTE = 60_000

eachDialect('subscriptions of a server', database => {
  let on: SubscribedServer
  beforeAll(async () => {
    const settings = { database: database.location(), allow_private_urls: true }
    on = await SubscribedServer.start(clock => buildTestApp({ settings, overrides: { clock } }))
  })
  afterAll(() => on.stop())
  beforeEach(() => on.reset())

  it('tell each event once, in the order of its subject, signed, and keep a log', async () => {
    const { secret = '' } = await on.create('orders')
    expect(secret).toMatch(/^whsec_/)
    await on.append('orders', ...Array.from({ length: 60 }, (_, i) => `order/${i % 3}`))
    const got = await on.receiver.until(60, to('orders'))
    for (const subject of ['order/0', 'order/1', 'order/2']) {
      const numbers = got.filter(one => one.subject === subject).map(one => JSON.parse(one.body).data.n)
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
    const [first] = got
    if (first === undefined) throw new Error('nothing came')
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = first.headers
    const expected = createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${id}.${time}.${first.body}`)
    expect(signature).toBe(`v1,${expected.digest('base64')}`)
    expect(first.headers['content-type']).toMatch('application/cloudevents+json')
    expect(JSON.parse(first.body)).toMatchObject({
      ...{ specversion: '1.0', source: '/ws/default', type: 'dev.hagane.test.orders', workspace: 'default' },
      ...{ actor: 'user:test', datacontenttype: 'application/json', data: { note: '日本語' } },
    })
    await until(async () => (await on.deliveries('orders', 'delivered')).length === 60)
    expect(new Set(got.map(one => one.headers['webhook-id'])).size).toBe(60)
    expect((await on.deliveries('orders'))[0]).toMatchObject({ state: 'delivered', attempts: 1, status: 204 })
    const shown = await on.show('orders')
    expect(shown).toMatchObject({ health: 'healthy', retrying: 0, dead: 0 })
    expect(JSON.stringify(shown)).not.toContain(secret)
  })

  it('send the attributes of an event as headers in binary mode', async () => {
    await on.create('binary', {}, { format: 'binary', headers: { 'x-team': 'fraud' } })
    await on.append('binary', 'order/é %1')
    const [got] = await on.receiver.until(1, to('binary'))
    expect(got?.headers).toMatchObject({
      ...{ 'ce-specversion': '1.0', 'ce-subject': 'order/%C3%A9%20%251', 'ce-type': 'dev.hagane.test.binary' },
      ...{ 'content-type': 'application/json', 'x-team': 'fraud' },
    })
    expect(JSON.parse(got?.body ?? '')).toEqual({ n: 0, status: 'Failed', note: '日本語' })
    expect((await on.show('binary')).channel).toMatchObject({ headers: ['x-team'], format: 'binary' })
  })

  it('hold up only the subject whose delivery fails, and tell it in order once the receiver takes it', async () => {
    await on.create('lanes')
    on.receiver.answer(({ subject }, response) =>
      response.writeHead(subject === 'order/bad' ? 500 : 204).end('no room'),
    )
    await on.append('lanes', 'order/bad', 'order/good', 'order/bad', 'order/good')
    await on.receiver.until(2, one => to('lanes')(one) && one.subject === 'order/good')
    await until(async () => (await on.show('lanes')).retrying === 2)
    expect(await on.deliveries('lanes', 'retrying')).toMatchObject([
      { attempts: 1, status: 500, error: 'answered 500: no room', subject: 'order/bad' },
    ])
    expect(await on.deliveries('lanes', 'waiting')).toHaveLength(1)
    on.receiver.answer((_, response) => response.writeHead(204).end())
    on.clock.ahead = MINUTE
    await on.receiver.until(1, one => to('lanes')(one) && one.body.includes('"n":2'))
    const bad = on.receiver.received.filter(one => to('lanes')(one) && one.subject === 'order/bad')
    const numbers = bad.map(one => JSON.parse(one.body).data.n)
    expect(numbers).toEqual([...numbers.slice(1).map(() => 0), 2])
    expect(bad[0]?.headers['webhook-id']).toBe(bad[1]?.headers['webhook-id'])
    expect(bad[1]?.headers['hagane-attempt']).toBe('2')
    await until(async () => (await on.show('lanes')).retrying === 0)
  })

  it('wait while the receiver is down for an hour, ask it seldom, and lose nothing', async () => {
    await on.create('hour')
    on.receiver.answer((_, response) => response.destroy())
    await on.append('hour', ...Array.from({ length: 40 }, (_, i) => `order/${i}`))
    await until(async () => (await on.show('hour')).health === 'down')
    const before = on.receiver.received.filter(to('hour')).length
    await on.append('hour', ...Array.from({ length: 40 }, (_, i) => `order/late-${i}`))
    for (let minutes = 10; minutes <= 60; minutes += 10) {
      on.clock.ahead = minutes * MINUTE
      const tried = on.receiver.received.length
      await on.receiver.until(tried + 1)
    }
    expect(before).toBeLessThanOrEqual(40)
    on.receiver.answer((_, response) => response.writeHead(200).end('ok'))
    on.clock.ahead = 70 * MINUTE
    await until(async () => {
      const { retrying, behind, health } = await on.show('hour')
      return retrying === 0 && behind === 0 && health === 'healthy'
    })
    const delivered = (await on.deliveries('hour')).map(one => one.state)
    expect(delivered).toEqual(Array.from({ length: 80 }, () => 'delivered'))
    const told = (
      await on.app.app.db.reads.selectFrom('events').select('type').where('subject', '=', 'subscription/hour').execute()
    ).map(row => row.type)
    expect(told.filter(type => /down|recovered/.test(type))).toEqual([
      'dev.hagane.subscription.down',
      'dev.hagane.subscription.recovered',
    ])
  })

  it('give a delivery up after a day of trying, say so, and deliver it when asked again', async () => {
    await on.create('dead')
    on.receiver.answer(({ path }, response) => response.writeHead(path === '/dead' ? 503 : 204).end())
    await on.append('dead', 'order/1')
    const tried = (times: number) => until(async () => (await on.deliveries('dead'))[0]?.attempts === times)
    await tried(1)
    on.clock.ahead = 25 * 60 * MINUTE
    for (let times = 2; times <= 5; times++) {
      await tried(times)
      on.clock.ahead += 10 * MINUTE
    }
    await until(async () => (await on.show('dead')).dead === 1)
    expect(await on.deliveries('dead', 'dead')).toMatchObject([{ state: 'dead', status: 503 }])
    const events = await on.app.app.db.reads
      .selectFrom('events')
      .selectAll()
      .where('subject', '=', 'subscription/dead')
      .execute()
    const letter = events.find(row => row.type === 'dev.hagane.subscription.dead-lettered')
    expect(JSON.parse(letter?.data ?? '{}').alert).toMatchObject({ key: 'subscription/dead/dead', state: 'firing' })
    on.receiver.answer((_, response) => response.writeHead(204).end())
    const answer = await on.call(subscriptionRoutes.redeliver, { params: { name: 'dead' }, body: { state: 'dead' } })
    expect(answer).toEqual({ deliveries: 1 })
    await until(async () => (await on.deliveries('dead', 'delivered')).length === 1)
  })

  it('count a slow answer, a redirect and garbage as failures, and say which', async () => {
    await on.create('odd', { timeout_seconds: 1 })
    on.receiver.answer(({ subject }, response) => {
      if (subject === 'order/redirect') response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
      else if (subject === 'order/garbage') response.socket?.end('SMTP 220 hello\r\n\r\n')
      else if (subject === 'order/endless') response.writeHead(200).write('x')
    })
    await on.append('odd', 'order/redirect', 'order/garbage', 'order/slow', 'order/endless')
    await until(async () => (await on.deliveries('odd', 'retrying')).length === 4)
    const errors = Object.fromEntries((await on.deliveries('odd')).map(one => [one.subject, one.error]))
    expect(errors['order/redirect']).toBe(
      'answered 302: it redirects to http://169.254.169.254/latest, which is not followed',
    )
    expect(errors['order/garbage']).toMatch(/HPE_|Parse|Expected HTTP/i)
    expect(errors['order/slow']).toBe('no complete answer within 1 s')
    expect(errors['order/endless']).toBe('no complete answer within 1 s')
    await on.call(subscriptionRoutes.delete, { params: { name: 'odd' } })
  })

  it('keep their place while disabled, go on after it, and are gone once deleted', async () => {
    await on.create('paused', { is_enabled: false })
    await on.append('paused', 'order/1')
    expect(await on.show('paused')).toMatchObject({ health: 'disabled', is_enabled: false })
    await on.call(subscriptionRoutes.update, { params: { name: 'paused' }, body: { is_enabled: true } })
    await on.receiver.until(1, to('paused'))
    await on.call(subscriptionRoutes.delete, { params: { name: 'paused' } })
    await expect(on.show('paused')).rejects.toThrow("no subscription 'paused' in workspace default")
  })

  it('answer what came of a test at once', async () => {
    await on.create('tried')
    expect(await on.call(subscriptionRoutes.test, { params: { name: 'tried' } })).toMatchObject({
      delivered: true,
      status: 204,
    })
    on.receiver.answer((_, response) => response.writeHead(403).end('who are you?'))
    expect(await on.call(subscriptionRoutes.test, { params: { name: 'tried' } })).toMatchObject({
      ...{ delivered: false, status: 403, error: 'answered 403: who are you?' },
    })
  })

  it.each([
    [{ on: undefined }, {}, 'say what is to be told'],
    [{ on: { where: 'event.data.x >' } }, {}, 'on.where is not a condition'],
    [{}, { url: 'ftp://x/y' }, 'an http or https address'],
    [{}, { url: 'http://user:pw@x/y' }, 'without a user name'],
    [{}, { secret: 'short' }, 'whsec_'],
    [{}, { headers: { 'webhook-id': 'x' } }, 'but those that Hagane sets itself'],
    [{}, { headers: { x: 'a\r\nb' } }, 'printable ASCII'],
    [{}, { type: 'carrier_pigeon' }, 'channel'],
    [{}, { type: 'email', to: ['a@example.com'], url: undefined }, 'cannot send e-mail'],
  ])('are refused with %j, channel %j: %s', async (more, channel, message) => {
    await expect(on.create('wrong', more, channel)).rejects.toThrow(message)
  })
})

it('private addresses are not delivered to unless the server allows them', async () => {
  await using app = await buildTestApp()
  await using receiver = await openReceiver()
  const { port } = new URL(receiver.url)
  for (const [name, host] of [
    ['literal', '127.0.0.1'],
    ['named', 'localhost'],
    ['mapped', '[::ffff:127.0.0.1]'],
  ] as const) {
    await app.client.call(subscriptionRoutes.create, {
      body: { name, on: {}, channel: { type: 'webhook', url: `http://${host}:${port}/` } },
    })
    const tried = await app.client.call(subscriptionRoutes.test, { params: { name } })
    expect(tried).toMatchObject({ delivered: false, error: expect.stringContaining('is a private address') })
  }
  expect(receiver.received).toEqual([])
})

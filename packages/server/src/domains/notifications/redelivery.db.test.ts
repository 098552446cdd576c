import { subscriptionRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect } from '@hagane/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { SubscribedServer, to, until } from './testing/subscribed-server.ts'

const MINUTE = 60_000

eachDialect('subscriptions that are told again, or no more', database => {
  let on: SubscribedServer
  beforeAll(async () => {
    const settings = { database: database.location(), allow_private_urls: true }
    on = await SubscribedServer.start(clock => buildTestApp({ settings, overrides: { clock } }))
  })
  afterAll(() => on.stop())
  beforeEach(() => on.reset())

  it('tell a stretch of the past again when asked', async () => {
    await on.create('replayed')
    await on.append('replayed', 'order/1', 'order/2', 'order/1')
    await on.receiver.until(3, to('replayed'))
    await until(async () => (await on.show('replayed')).behind === 0)
    const first = (await on.deliveries('replayed')).at(-1)
    const answer = await on.call(subscriptionRoutes.replay, {
      params: { name: 'replayed' },
      body: { from_seq: (first?.seq ?? 0) + 1 },
    })
    expect(answer).toEqual({ deliveries: 2 })
    const all = await on.receiver.until(5, to('replayed'))
    expect(
      all
        .slice(3)
        .map(one => JSON.parse(one.body).data.n)
        .sort(),
    ).toEqual([1, 2])
    // twice the same replay: the receiver tells a repetition by its id, and nothing is left over
    const ids = new Set(all.map(one => one.headers['webhook-id']))
    const body = { from_seq: first?.seq ?? 0 }
    const asked = () => on.call(subscriptionRoutes.replay, { params: { name: 'replayed' }, body })
    expect(await Promise.all([asked(), asked()])).toEqual([{ deliveries: 3 }, { deliveries: 3 }])
    await on.receiver.until(8, to('replayed'))
    await until(async () => (await on.deliveries('replayed', 'delivered')).length === 3)
    expect(await on.show('replayed')).toMatchObject({ retrying: 0, dead: 0 })
    expect(new Set(on.receiver.received.filter(to('replayed')).map(one => one.headers['webhook-id']))).toEqual(ids)
  })

  it('deleted while deliveries are under way leave nothing behind, and one of the same name begins anew', async () => {
    await on.create('gone')
    const held: (() => void)[] = []
    on.receiver.answer((_, response) => void held.push(() => response.writeHead(500).end()))
    await on.append('gone', ...Array.from({ length: 50 }, (_, i) => `order/${i}`))
    await on.receiver.until(32, to('gone'))
    await on.call(subscriptionRoutes.delete, { params: { name: 'gone' } })
    for (const answer of held) answer()
    on.receiver.answer((_, response) => response.writeHead(204).end())
    await on.create('gone')
    const told = async (subject: string) => {
      await on.append('gone', subject)
      await on.receiver.until(1, one => to('gone')(one) && one.subject === subject)
    }
    await told('order/new')
    const old = () => on.receiver.received.filter(one => to('gone')(one) && /^order\/\d+$/.test(one.subject)).length
    const before = old()
    on.clock.ahead = 60 * MINUTE
    await told('order/newer')
    expect(old()).toBe(before)
    await until(async () => (await on.deliveries('gone', 'delivered')).length === 2)
    expect(await on.show('gone')).toMatchObject({ retrying: 0, dead: 0, health: 'healthy' })
  })

  it('keep what a receiver repeats of their secrets out of the log', async () => {
    const { secret = '' } = await on.create('echo', {}, { headers: { authorization: 'Bearer tell-nobody' } })
    on.receiver.answer(({ headers }, response) =>
      response.writeHead(400).end(`${JSON.stringify(headers)} ${secret}`.slice(-200)),
    )
    await on.append('echo', 'order/1')
    await until(async () => (await on.deliveries('echo', 'retrying')).length === 1)
    const tried = await on.call(subscriptionRoutes.test, { params: { name: 'echo' } })
    const told = JSON.stringify([await on.deliveries('echo'), tried, await on.show('echo')])
    expect(told).toContain('answered 400')
    for (const text of ['tell-nobody', secret, secret.slice(6)]) expect(told).not.toContain(text)
    await on.call(subscriptionRoutes.delete, { params: { name: 'echo' } })
  })
})

import { eachDialect } from '@hagane/testkit'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { buildLog } from '../log.ts'
import { buildEventLog, eventsAfter, verifyChain } from './index.ts'

const who = { workspace: 'default', actor: 'local:test' }

eachDialect('event chain', database => {
  const append = (type: string, data: Record<string, unknown> = {}) =>
    database.db().withTransaction(who, async tx => tx.append({ type, subject: 'test/1', data }))

  it('links every event to the one before, also when many are appended at once', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, i) => append('dev.hagane.test.many', { i })))
    expect(await verifyChain(database.db())).toMatchObject({ ok: true, count: 40 })
    const rows = await eventsAfter(database.db(), 0, 100)
    expect(rows.map(row => row.seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
  })

  it('commits state and event together: a failure leaves neither', async () => {
    const before = await verifyChain(database.db())
    const attempt = database.db().withTransaction(who, async tx => {
      await tx.db.insertInto('consumers').values({ name: 'half', cursor: 1 }).execute()
      tx.append({ type: 'dev.hagane.test.half', subject: 'test/1', data: {} })
      throw new Error('stop')
    })
    await expect(attempt).rejects.toThrow('stop')
    expect(await verifyChain(database.db())).toEqual(before)
    expect(await database.db().reads.selectFrom('consumers').selectAll().where('name', '=', 'half').execute()).toEqual(
      [],
    )
  })

  it('writes what set a chain of steps off into the data of its events', async () => {
    await database.db().withTransaction({ ...who, correlation: 'breach-1' }, async tx => {
      tx.append({ type: 'dev.hagane.test.caused', subject: 'test/1', data: { n: 1 } })
      tx.append({ type: 'dev.hagane.test.caused', subject: 'test/1', data: { correlation_id: 'its own' } })
    })
    const rows = await eventsAfter(database.db(), 0, 100, { type: 'dev.hagane.test.caused' })
    expect(rows.map(row => row.data)).toEqual(['{"correlation_id":"breach-1","n":1}', '{"correlation_id":"its own"}'])
  })

  describe('verification names the event', () => {
    const columns = ['id', 'time', 'workspace', 'actor', 'type', 'subject', 'data', 'prev_hash', 'hash'] as const
    it.each(columns)('whose %s was changed by one character', async column => {
      const row = (await eventsAfter(database.db(), 6, 1))[0]
      if (row === undefined) throw new Error('no event 7')
      const original = String(row[column])
      const changed = original.slice(0, -1) + (original.endsWith('0') ? '1' : '0')
      const set = (value: string) =>
        sql`update events set ${sql.ref(column)} = ${value} where seq = 7`.execute(database.db().writes)
      await set(changed)
      expect(await verifyChain(database.db())).toMatchObject({ ok: false, seq: 7, count: 6 })
      await set(original)
      expect(await verifyChain(database.db())).toMatchObject({ ok: true })
    })
  })

  it('notices a removed event in the middle and a removed tail', async () => {
    const writes = database.db().writes
    const head = await verifyChain(database.db())
    const [middle] = await writes.deleteFrom('events').where('seq', '=', 20).returningAll().execute()
    expect(await verifyChain(database.db())).toMatchObject({ ok: false, seq: 21, count: 19 })
    await writes
      .insertInto('events')
      .values(middle as never)
      .execute()
    const [last] = await writes.deleteFrom('events').where('seq', '=', head.count).returningAll().execute()
    expect(await verifyChain(database.db())).toMatchObject({ ok: false, seq: head.count })
    await writes
      .insertInto('events')
      .values(last as never)
      .execute()
  })

  it('lets others have their turn while a consumer reads what it missed', async () => {
    await database.db().withTransaction(who, async tx => {
      for (let i = 0; i < 1600; i++) tx.append({ type: 'dev.hagane.test.missed', subject: 'test/1', data: { i } })
    })
    let [turns, done] = [0, false]
    const turn = () => {
      turns++
      if (!done) setImmediate(turn)
    }
    setImmediate(turn)
    const log = buildEventLog(database.db(), buildLog('silent'))
    const turnOfBatch: number[] = []
    await log.consume('behind', async () => void turnOfBatch.push(turns)).catchUp()
    done = true
    await log.stop()
    expect(turnOfBatch.length).toBeGreaterThanOrEqual(4)
    expect(new Set(turnOfBatch).size).toBeGreaterThanOrEqual(turnOfBatch.length - 1)
  })

  it('shows a consumer every event in order, again from its cursor after a restart', async () => {
    const first = buildEventLog(database.db(), buildLog('silent'))
    const seen: number[] = []
    await first.consume('reader', async rows => void seen.push(...rows.map(row => row.seq))).catchUp()
    await first.stop()
    await append('dev.hagane.test.later')
    const second = buildEventLog(database.db(), buildLog('silent'))
    await second.consume('reader', async rows => void seen.push(...rows.map(row => row.seq))).catchUp()
    await second.stop()
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i + 1))
    expect(seen.length).toBe((await verifyChain(database.db())).count)
  })
})

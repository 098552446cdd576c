import { setImmediate } from 'node:timers/promises'
import { eachDialect } from '@hagane/testkit'
import { expect, it } from 'vitest'
import { feed } from './feed.ts'

const who = { workspace: 'default', actor: 'user:test' }
const COUNT = 60

eachDialect('the stream of events', database => {
  it('tells a reader that comes back where it was each event once, in order, while others are appended', async () => {
    const db = database.db()
    const written = (async () => {
      for (let n = 0; n < COUNT; n++) {
        await db.withTransaction(who, async tx =>
          tx.append({
            type: n % 3 === 0 ? 'dev.hagane.test.other' : 'dev.hagane.test.seen',
            subject: 'test/1',
            data: { n },
          }),
        )
        if (n % 7 === 0) await setImmediate()
      }
    })()
    const wanted = Array.from({ length: COUNT }, (_, n) => n).filter(n => n % 3 !== 0)
    const told: number[] = []
    for (let [after, connections] = [0, 0]; told.length < wanted.length; connections++) {
      const left = new AbortController()
      let taken = 0
      for await (const message of feed(db, after, { type: 'dev.hagane.test.seen' }, left.signal)) {
        const data = /^data: (.*)$/m.exec(message)?.[1]
        if (data === undefined) continue
        const event = JSON.parse(data) as { seq: number; data: { n: number } }
        after = event.seq
        told.push(event.data.n)
        // the connection breaks after one, two, three … messages
        if (++taken > connections || told.length === wanted.length) break
      }
      left.abort()
    }
    await written
    expect(told).toEqual(wanted)
  })
})

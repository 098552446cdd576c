import { eachDialect } from '@hagane/testkit'
import { expect, it } from 'vitest'
import type { DeliveryRow, NotificationTables } from '../tables.ts'
import { prune, upsertDeliveries } from './store.ts'

const DAY = 86_400_000

eachDialect('the log of deliveries', database => {
  const on = () => database.db().writes.withTables<NotificationTables>()
  const row = (seq: number, state: string, age: number): DeliveryRow => ({
    ...{ subscription_id: 's', seq, event_id: `e${seq}`, type: 't', subject: `x/${seq}`, state, attempts: 1 },
    ...{ first_at: 1, last_at: Date.now() - age, due_at: null, status: 204, error: null, duration_ms: 1 },
  })
  const kept = async () => {
    const rows = await on().selectFrom('deliveries').select(['seq', 'state']).orderBy('seq').execute()
    return rows.map(({ seq, state }) => `${seq} ${state}`)
  }

  it('forgets what is done and too many or too old, and nothing that is not done or beyond the cursor', async () => {
    const db = database.db()
    const feed = { lease_owner: null, lease_beat: 0, fence: 0, nudge: 0, health: 'healthy', last_error: null }
    await on()
      .insertInto('subscription_feeds')
      .values({ subscription_id: 's', event_cursor: 8, ...feed })
      .execute()
    const rows = [
      row(1, 'delivered', 3 * DAY),
      row(2, 'dead', 3 * DAY),
      row(3, 'retrying', 3 * DAY),
      row(4, 'dead', DAY),
      row(5, 'delivered', DAY),
      row(6, 'waiting', DAY),
      row(7, 'delivered', DAY),
      row(8, 'delivered', DAY),
      row(9, 'delivered', 3 * DAY),
    ]
    await db.relaxed(tx => upsertDeliveries({ db: tx, dialect: db.dialect }, rows))
    await prune(db, 's', { size: 1000, seconds: (2 * DAY) / 1000 })
    expect(await kept()).toEqual(rows.slice(2).map(({ seq, state }) => `${seq} ${state}`))
    await prune(db, 's', { size: 3, seconds: (30 * DAY) / 1000 })
    expect(await kept()).toEqual(['3 retrying', '4 dead', '6 waiting', '7 delivered', '8 delivered', '9 delivered'])
  })
})

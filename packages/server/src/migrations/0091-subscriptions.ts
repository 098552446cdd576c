import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const subscriptions: Migration = {
  name: '0091-subscriptions',
  async up(db, dialect) {
    const real = dialect === 'sqlite' ? 'real' : 'double precision'
    await sql`create table subscriptions (workspace text not null, name text not null, id text not null, description text, event_filter text, alerts text, channel text not null, channel_sealed text not null, language text not null, quiet_hours text, timeout_seconds integer not null, is_enabled integer not null, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create unique index subscriptions_by_id on subscriptions (id)`.execute(db)
    await sql`create table subscription_feeds (subscription_id text primary key, event_cursor bigint not null, lease_owner text, lease_beat bigint not null, fence bigint not null, nudge bigint not null, health text not null, last_error text)`.execute(
      db,
    )
    await sql`create table deliveries (subscription_id text not null, seq bigint not null, event_id text not null, type text not null, subject text not null, state text not null, attempts integer not null, first_at bigint, last_at bigint, due_at bigint, status integer, error text, duration_ms ${sql.raw(real)}, primary key (subscription_id, seq))`.execute(
      db,
    )
    await sql`create index deliveries_open on deliveries (subscription_id, state, seq) where state <> 'delivered'`.execute(
      db,
    )
    await sql`create index events_by_time on events (time)`.execute(db)
  },
  async down(db) {
    await sql`drop index events_by_time`.execute(db)
    await sql`drop table deliveries`.execute(db)
    await sql`drop table subscription_feeds`.execute(db)
    await sql`drop table subscriptions`.execute(db)
  },
}

import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const registries: Migration = {
  name: '0067-registries',
  async up(db) {
    await sql`alter table workspaces add column kind text not null default 'workspace'`.execute(db)
  },
  async down(db) {
    await sql`delete from workspaces where kind = 'registry'`.execute(db)
    await sql`alter table workspaces drop column kind`.execute(db)
  },
}

import { eachDialect } from '@hagane/testkit'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { migrate } from '../kernel/db/migrate.ts'
import { migrations } from './index.ts'

eachDialect('jobs of a server before their schedule was a column', database => {
  it('are told by schedule after the migration; steps and what no schedule submitted have none', async () => {
    const db = database.db()
    await migrate(db, migrations, '0084')
    const insert = (name: string, properties: object, parent: string | null) =>
      sql`insert into jobs (workspace, name, type, status, display_name, experiment_name, experiment_id, tags, properties, parent, root, seq, spec, plan, outputs, attempts, archived, revision, created_at, created_by, modified_at, modified_by)
        values ('default', ${name}, 'command', 'Completed', 'd', 'e', '1', '{}', ${JSON.stringify(properties)}, ${parent}, 'r', 1, '{}', '{}', '{}', 1, 0, 1, 't', 'a', 't', 'a')`.execute(
        db.writes,
      )
    await insert('by-schedule', { 'hagane.schedule': "ni'ght" }, null)
    await insert('step', { 'hagane.schedule': "ni'ght" }, 'by-schedule')
    await insert('by-hand', { note: 'x' }, null)
    await migrate(db, migrations)
    const { rows } = await sql`select name, schedule from jobs order by name`.execute(db.writes)
    expect(rows).toEqual([
      { name: 'by-hand', schedule: null },
      { name: 'by-schedule', schedule: "ni'ght" },
      { name: 'step', schedule: null },
    ])
    await migrate(db, migrations, '0084')
    await migrate(db, migrations)
  })
})

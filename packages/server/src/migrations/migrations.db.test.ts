import { eachDialect } from '@hagane/testkit'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import type { Database } from '../kernel/db/index.ts'
import { migrate } from '../kernel/db/migrate.ts'
import { migrations } from './index.ts'

const tablesOf = async (db: Database): Promise<string[]> => {
  const query = db.byDialect({
    sqlite: sql<{
      name: string
    }>`select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`,
    postgres: sql<{
      name: string
    }>`select table_name as name from information_schema.tables where table_schema = 'public' order by table_name`,
  })
  return (await query.execute(db.writes)).rows.map(row => row.name).sort()
}

eachDialect('migrations', database => {
  it('go down to nothing and up again to the same tables', async () => {
    const full = await tablesOf(database.db())
    const down = await migrate(database.db(), migrations, '0000')
    expect(down).toEqual(migrations.map(migration => migration.name).toReversed())
    expect(await tablesOf(database.db())).toEqual(['migrations'])
    await migrate(database.db(), migrations)
    expect(await tablesOf(database.db())).toEqual(full)
  })
  it('stand in order and have unique names', () => {
    const names = migrations.map(migration => migration.name)
    expect(names).toEqual([...new Set(names)].sort())
  })
  it('refuse a database of a newer release', async () => {
    await sql`insert into migrations (name, applied_at) values ('9999-future', 'now')`.execute(database.db().writes)
    await expect(migrate(database.db(), migrations)).rejects.toMatchObject({ kind: 'conflict' })
    await sql`delete from migrations where name = '9999-future'`.execute(database.db().writes)
  })
})

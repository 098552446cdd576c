import { eachDialect } from '@hagane/testkit'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { migrate } from '../kernel/db/migrate.ts'
import { buildLog } from '../kernel/log.ts'
import { buildTasks } from '../kernel/tasks/index.ts'
import { migrations } from './index.ts'

eachDialect('tasks of a server before lanes', database => {
  it('are carried out after the migration, and wait again as before after the way back', async () => {
    const db = database.db()
    await migrate(db, migrations, '0060')
    await sql`insert into tasks (id, kind, subject, workspace, actor, payload, state, priority, run_after, attempts, max_attempts, fence, created_at)
      values ('1', 'old.kind', 's/1', 'default', 'local:ann', '{"n":1}', 'queued', 0, 5, 0, 3, 0, 'then')`.execute(
      db.writes,
    )
    await migrate(db, migrations)
    await migrate(db, migrations, '0060')
    const { rows } = await sql<{ state: string }>`select state from tasks`.execute(db.writes)
    expect(rows).toEqual([{ state: 'queued' }])
    await migrate(db, migrations)

    const tasks = buildTasks(db, buildLog('silent'), 'owner')
    const done = new Promise<unknown>(resolve =>
      tasks.register('old.kind', { concurrency: 1, handle: async task => resolve(task.payload) }),
    )
    tasks.start()
    expect(await done).toEqual({ n: 1 })
    await tasks.stop()
  })
})

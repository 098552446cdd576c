import { eachDialect } from '@hagane/testkit'
import { afterEach, expect, it } from 'vitest'
import { buildLog } from '../log.ts'
import { buildTasks, releaseLeases, type Tasks } from './index.ts'

const who = { workspace: 'default', actor: 'local:test' }
const log = buildLog('silent')

eachDialect('tasks', database => {
  const open: Tasks[] = []
  const build = (owner: string): Tasks => {
    const tasks = buildTasks(database.db(), log, owner)
    open.push(tasks)
    return tasks
  }
  afterEach(async () => {
    await Promise.all(open.splice(0).map(tasks => tasks.stop()))
  })

  it('runs each task once although two servers pull from the same queue', async () => {
    const ran: string[] = []
    const servers = [build('one'), build('two')]
    const done = new Promise<void>(resolve => {
      for (const tasks of servers)
        tasks.register('once', {
          concurrency: 3,
          handle: async task => {
            ran.push(task.subject)
            if (ran.length === 30) resolve()
          },
        })
    })
    await database.db().withTransaction(who, async tx => {
      for (let i = 0; i < 30; i++) await servers[0]?.enqueue(tx, { kind: 'once', subject: `s/${i}` })
    })
    for (const tasks of servers) tasks.start()
    await done
    await Promise.all(servers.map(tasks => tasks.stop()))
    expect(new Set(ran).size).toBe(30)
    expect(ran.length).toBe(30)
  })

  it('tries a failing task again and gives it up after its last attempt', async () => {
    const tasks = build('three')
    let attempts = 0
    const givenUp = new Promise<string>(resolve => {
      tasks.register('fails', {
        concurrency: 1,
        handle: async () => {
          attempts++
          throw new Error(`attempt ${attempts}`)
        },
        onGivenUp: async (_task, error) => resolve((error as Error).message),
      })
    })
    await database.db().withTransaction(who, tx => tasks.enqueue(tx, { kind: 'fails', subject: 's/x', maxAttempts: 2 }))
    tasks.start()
    expect(await givenUp).toBe('attempt 2')
  })

  it('leaves the task of a rolled-back transaction unborn', async () => {
    const tasks = build('four')
    await database
      .db()
      .withTransaction(who, async tx => {
        await tasks.enqueue(tx, { kind: 'unborn', subject: 's/y' })
        throw new Error('no')
      })
      .catch(() => undefined)
    expect(await database.db().reads.selectFrom('tasks').selectAll().where('kind', '=', 'unborn').execute()).toEqual([])
  })

  it('gives the tasks of a dead server to the next one on the same folder, with a higher fence', async () => {
    const fences: number[] = []
    const first = build('same-folder')
    const begun = new Promise<void>(resolve => {
      first.register('long', {
        concurrency: 1,
        handle: (task, signal) => {
          fences.push(task.fence)
          resolve()
          return new Promise((_r, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        },
      })
    })
    await database.db().withTransaction(who, tx => first.enqueue(tx, { kind: 'long', subject: 's/z' }))
    first.start()
    await begun
    await first.stop()
    await releaseLeases(database.db(), 'same-folder')
    const second = build('same-folder')
    await new Promise<void>(resolve => {
      second.register('long', {
        concurrency: 1,
        handle: async task => {
          fences.push(task.fence)
          resolve()
        },
      })
      second.start()
    })
    expect(fences).toEqual([1, 2])
  })

  it('does not count the death of a server as an attempt that failed', async () => {
    const deaths = 4
    const attempts: number[] = []
    const carryOut = async (handle: (task: { attempts: number }) => Promise<void>) => {
      const tasks = build('mortal')
      const begun = new Promise<void>(resolve =>
        tasks.register('mortal', {
          concurrency: 1,
          handle: task => {
            attempts.push(task.attempts)
            resolve()
            return handle(task)
          },
        }),
      )
      tasks.start()
      await begun
      return tasks
    }
    await database
      .db()
      .withTransaction(who, tx => build('mortal').enqueue(tx, { kind: 'mortal', subject: 's/m', maxAttempts: 2 }))
    for (let n = 0; n < deaths; n++) {
      const { promise, reject } = Promise.withResolvers<void>()
      const tasks = await carryOut(() => promise)
      const stopped = tasks.stop()
      reject(new Error('the server is gone'))
      await stopped
      await releaseLeases(database.db(), 'mortal')
    }
    await (await carryOut(() => Promise.resolve())).stop()
    expect(attempts).toEqual(Array(deaths + 1).fill(1))
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient, jobRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, endOf, submitJob } from '@hagane/testkit'
import { afterEach, expect, it } from 'vitest'

eachDialect('a server that dies with the machine of its steps', database => {
  const started: ChildProcess[] = []
  afterEach(() => {
    for (const server of started.splice(0)) server.kill('SIGKILL')
  })

  /** A server of its own process on the database of the suite. */
  async function startServer(data: string): Promise<{ server: ChildProcess; url: string }> {
    const args = ['tools/dev.ts', '--data', data, '--port', '0', '--database', database.location()]
    const server = spawn(process.execPath, args, { stdio: 'ignore' })
    started.push(server)
    for (;;) {
      const text = await readFile(join(data, 'server.json'), 'utf8').catch(() => '{}')
      const { url } = JSON.parse(text || '{}') as { url?: string }
      if (url !== undefined) return { server, url }
      expect(server.exitCode).toBeNull()
      await pause(50)
    }
  }

  it('is missed when its heartbeat stops, by another server on its database', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hagane-heartbeat-'))
    const { server, url } = await startServer(join(folder, 'one'))
    const client = createClient({ url, actor: 'tester' })
    const command = (name: string) =>
      `ps -o pgid= -p $$ >> ${folder}/${name}; until [ -e ${folder}/go ]; do sleep 0.05; done`
    const retry_settings = { max_retries: 1, on: ['lost'], backoff_seconds: 0.1 }
    const single = await submitJob(client, { type: 'command', command: command('once') })
    const twice = await submitJob(client, {
      type: 'command',
      command: command('twice'),
      retry_settings,
    })
    while (!existsSync(join(folder, 'once')) || !existsSync(join(folder, 'twice'))) await pause(50)
    const before = Date.now()
    for (;;) {
      const { heartbeat_time, status } = await client.call(jobRoutes.show, { params: { name: twice } })
      if (status === 'Running' && heartbeat_time !== undefined) {
        expect(Math.abs(before - Date.parse(heartbeat_time))).toBeLessThan(31_000)
        break
      }
      await pause(50)
    }
    server.kill('SIGKILL')
    await once(server, 'exit')
    for (const name of ['once', 'twice']) {
      const pid = Number(await readFile(join(folder, name), 'utf8'))
      process.kill(-pid, 'SIGKILL')
    }
    // as if the seconds for which a heartbeat counts had passed
    await database
      .db()
      .writes.updateTable('tasks')
      .set({ lease_until: Date.now() - 1 })
      .where('state', '=', 'leased')
      .execute()
    await using other = await buildTestApp({ settings: { database: database.location() }, serverId: 'other' })
    const lost = await endOf(other.client, single)
    expect(lost).toMatchObject({ status: 'Failed', attempts: 1, error: { cause: 'lost' } })
    expect(lost.error?.message).toMatch(/server [0-9a-f]{32}, which ran it, has stopped its heartbeat/)
    // it is tried again, and needs what only the data folder of the first server holds
    const again = await endOf(other.client, twice)
    expect(again).toMatchObject({ status: 'Failed', attempts: 1, retries: [{ attempt: 1, cause: 'lost', of: 2 }] })
    const lines = async (name: string) => (await readFile(join(folder, name), 'utf8')).trim().split('\n').length
    expect([await lines('once'), await lines('twice')]).toEqual([1, 1])
    await rm(folder, { recursive: true, force: true })
  }, 180_000)
})

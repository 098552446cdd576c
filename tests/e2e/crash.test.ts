import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createClient, jobRoutes, terminalStatuses } from '@hagane/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../tools/demo/server.ts'

let dataDir = ''
let server: RunningServer | undefined
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-crash-'))
})
afterAll(async () => {
  if (server !== undefined) await stopServer(server)
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

const pidOf = async (): Promise<number> =>
  JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')).pid as number

/** Two steps of two seconds; each notes that it ran. */
const pipeline = (ran: string) => ({
  type: 'pipeline' as const,
  jobs: {
    a: {
      command: `echo a >> ${ran}; for i in 1 2 3 4 5 6 7 8 9 10; do echo a$i; sleep 0.2; done; echo x > \${{outputs.o}}/f`,
      outputs: { o: null },
    },
    b: {
      command: `echo b >> ${ran}; for i in 1 2 3 4 5 6 7 8 9 10; do echo b$i; sleep 0.2; done; cat \${{inputs.i}}/f`,
      inputs: { i: '${{parent.jobs.a.outputs.o}}' },
    },
  },
})

it('goes on where it was after SIGKILL of the server in each step: every command ran once, every log is whole', async () => {
  const ran = join(dataDir, 'ran')
  await writeFile(ran, '')
  server = await startServer(dataDir, { timeoutMs: 240_000 })
  const { name } = await createClient({ url: server.url }).call(jobRoutes.create, { body: { job: pipeline(ran) } })
  for (const step of ['a', 'b']) {
    while (!(await readFile(ran, 'utf8')).includes(step)) await setTimeout(50)
    process.kill(await pidOf(), 'SIGKILL')
    await setTimeout(300)
    server = await startServer(dataDir, { timeoutMs: 240_000 })
  }
  const client = createClient({ url: server.url })
  const statusOf = async () => (await client.call(jobRoutes.show, { params: { name } })).status
  while (!terminalStatuses.includes(await statusOf())) await setTimeout(100)
  expect(await statusOf()).toBe('Completed')
  expect(await readFile(ran, 'utf8')).toBe('a\nb\n')
  const { items } = await client.call(jobRoutes.list, { query: { parent_job_name: name } })
  for (const { step, name: child } of items) {
    const log = await (await client.raw(jobRoutes.log, { params: { name: child } })).text()
    expect(log).toBe(
      `${Array.from({ length: 10 }, (_, i) => `${step}${i + 1}\n`).join('')}${step === 'b' ? 'x\n' : ''}`,
    )
  }
})

it('refuses a second server on the same folder and names the process that holds it', async () => {
  const pid = await pidOf()
  await expect(startServer(dataDir)).rejects.toThrow(String(pid))
})

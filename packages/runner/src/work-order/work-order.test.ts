import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { blobRoutes, type Client } from '@hagane/contract'
import { buildTestApp, runJob } from '@hagane/testkit'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshFolder, isRunning, lineIn, until } from '../testing/steps.ts'
import type { WorkResult } from './carry-out.ts'

const LONG = 60_000
const COMMAND =
  'cat main.txt "${{inputs.data}}" > "${{outputs.out}}/all.txt"; echo "$GREETING"; printf ünï > "${{outputs.out}}/ü.txt"'
let program: string

async function treeOf(client: Client, path: string, text: string): Promise<string> {
  const bytes = Buffer.from(text)
  const digest = createHash('sha256').update(bytes).digest('hex')
  await client.call(blobRoutes.put, { params: { digest }, body: bytes })
  return (await client.call(blobRoutes.putTree, { body: { entries: [{ path, digest, size: bytes.length }] } })).digest
}

interface Ended {
  code: number | null
  out: string
  errors: string
}

function runner(verb: string, order: string): { child: ChildProcess; ended: Promise<Ended> } {
  const environment = { PATH: process.env.PATH ?? '' }
  const child = spawn(process.execPath, [program, verb, order], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', errors: '' }
  child.stdout.on('data', chunk => (said.out += chunk))
  child.stderr.on('data', chunk => (said.errors += chunk))
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...said })) }
}

function writeOrder(order: object): string {
  const folder = freshFolder()
  const path = join(folder, 'work-order.json')
  writeFileSync(path, JSON.stringify({ version: 1, name: 'step', folder: 'attempt', ...order }))
  return path
}
async function failureOf(order: string): Promise<Ended> {
  const ended = await runner('run', order).ended
  expect(ended.errors).not.toMatch(/\n {4}at /)
  return ended
}
const attemptOf = (order: string): string => join(order, '..', 'attempt')
const resultOf = (order: string) =>
  JSON.parse(readFileSync(join(attemptOf(order), 'result.json'), 'utf8')) as WorkResult
const local = () => ({ store: { kind: 'folder', path: freshFolder() } })

describe('the runner as one file', () => {
  beforeAll(async () => {
    // alone in a folder: nothing of the repository is beside it
    program = join(mkdtempSync(join(tmpdir(), 'hg-runner-')), 'runner.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL('../main.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      define: { HAGANE_RANKS_SUPERVISOR: '""' },
    })
  })

  afterAll(() => rmSync(dirname(program), { recursive: true, force: true }))

  it('gives the same outputs over the API as local compute gives', { timeout: LONG }, async () => {
    await using app = await buildTestApp()
    const { client, url } = app
    const code = await treeOf(client, 'main.txt', 'code\n')
    const data = await treeOf(client, 'in put,ü.txt', 'data\n')
    const job = await runJob(client, {
      type: 'command',
      command: COMMAND,
      code: `hagane://trees/${code}`,
      inputs: { data: { type: 'uri_file', path: `hagane://trees/${data}/in put,ü.txt` } },
      outputs: { out: { type: 'uri_folder' } },
      environment_variables: { GREETING: 'hello' },
    })
    expect(job.error).toBeUndefined()
    const order = writeOrder({
      command: COMMAND,
      code: { tree: code },
      inputs: [{ name: 'data', source: { kind: 'tree', digest: data, path: 'in put,ü.txt' } }],
      outputs: [{ name: 'out', kind: 'folder' }],
      variables_file: 'variables.json',
      store: { kind: 'server', url },
    })
    writeFileSync(join(order, '..', 'variables.json'), JSON.stringify({ GREETING: 'hello' }), { mode: 0o600 })
    const ended = await runner('run', order).ended
    expect(ended).toMatchObject({ code: 0, out: 'hello\n', errors: '' })
    const { outputs, exit } = resultOf(order)
    expect(exit).toMatchObject({ code: 0, reason: 'exited' })
    expect(job.outputs.out).toMatchObject({ digest: outputs?.out?.digest })
    const tree = await client.call(blobRoutes.getTree, { params: { digest: outputs?.out?.digest ?? '' } })
    expect(tree.entries.map(({ path }) => path)).toEqual(['all.txt', 'ü.txt'])
  })

  it('runs the command once, however often and from how many places it is started', { timeout: LONG }, async () => {
    const order = writeOrder({ command: 'echo ran >> ../../ran; sleep 0.3; exit 4', ...local() })
    const ended = await Promise.all([1, 2, 3].map(() => runner('run', order).ended))
    expect(ended.map(({ code }) => code)).toEqual([4, 4, 4])
    expect((await runner('run', order).ended).code).toBe(4)
    expect(readFileSync(join(order, '..', 'ran'), 'utf8')).toBe('ran\n')
  })

  it('is taken up again after it was killed', { timeout: LONG }, async () => {
    const command = 'echo up > up; until [ -e go ]; do sleep 0.05; done; echo done; echo text > "${{outputs.out}}"'
    const order = writeOrder({ command, outputs: [{ name: 'out', kind: 'file', fileName: 'o.txt' }], ...local() })
    const work = join(attemptOf(order), 'work')
    const first = runner('run', order)
    await lineIn(join(work, 'up'))
    first.child.kill('SIGKILL')
    await first.ended
    expect(JSON.parse((await runner('adopt', order).ended).out)).toMatchObject({ state: 'running' })
    writeFileSync(join(work, 'go'), '')
    expect(await runner('run', order).ended).toMatchObject({ code: 0, out: 'done\n' })
    expect(resultOf(order).outputs?.out).toMatchObject({ path: 'o.txt', fileCount: 1 })
  })

  it.each(['SIGTERM', 'cancel'])('ends its process tree on %s', { timeout: LONG }, async how => {
    const order = writeOrder({ command: 'sleep 1000 & echo $! > child; wait', ...local() })
    const running = runner('run', order)
    const child = Number(await lineIn(join(attemptOf(order), 'work', 'child')))
    if (how === 'SIGTERM') running.child.kill('SIGTERM')
    else expect((await runner('cancel', order).ended).code).toBe(0)
    await running.ended
    await until(() => !isRunning(child))
    expect(resultOf(order).exit).toMatchObject({ reason: 'canceled' })
  })

  it('says what is wrong with a work order, and starts nothing', { timeout: LONG }, async () => {
    const wrong = await runner('run', writeOrder({ command: 'true', store: { kind: 'ftp' }, colour: 1 })).ended
    expect(wrong.code).toBe(64)
    expect(wrong.errors).toMatch(/store|colour/)
    const order = writeOrder({ command: 'true', variables_file: 'v.json', ...local() })
    writeFileSync(join(order, '..', 'v.json'), '{}')
    chmodSync(join(order, '..', 'v.json'), 0o644)
    expect((await runner('run', order).ended).errors).toContain('chmod 600')
    expect((await runner('run', '/nowhere.json').ended).code).toBe(64)
    expect((await runner('dance', order).ended).errors).toContain('usage')
    expect(existsSync(attemptOf(order))).toBe(true)
    expect(existsSync(join(attemptOf(order), 'started'))).toBe(false)
  })

  it('says without a stack what it cannot read, and repeats nothing of a secret', { timeout: LONG }, async () => {
    const order = writeOrder({ command: 'true', variables_file: 'v.json', ...local() })
    expect(await failureOf(order)).toMatchObject({ code: 64, errors: expect.stringMatching(/v\.json cannot be read/) })
    writeFileSync(join(order, '..', 'v.json'), '{"TOKEN": sesame}', { mode: 0o600 })
    const { code, errors } = await failureOf(order)
    expect(code).toBe(64)
    expect(errors).toMatch(/v\.json is not JSON/)
    expect(errors).not.toContain('sesame')
    const without = writeOrder({ command: 'true', code: { tree: 'a'.repeat(64) }, ...local() })
    expect(await failureOf(without)).toMatchObject({ code: 74, errors: expect.stringContaining('a'.repeat(64)) })
  })
})

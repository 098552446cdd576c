import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageFiles } from './testing/package-files.ts'

const program = join(import.meta.dirname, 'main.ts')
const script = `
import json, os
def init():
    global seen
    seen = sorted(os.listdir(os.environ["AZUREML_MODEL_DIR"]))
def run(raw_data):
    return {"got": json.loads(raw_data), "seen": seen}
`

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hagane-serving-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function folderOf(name: string, files: Record<string, string>): Promise<string> {
  const folder = join(root, name)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

const packageOf = (name: string, code: string): Promise<string> =>
  folderOf(name, packageFiles({ 'code/main.py': code, 'model/weights.bin': 'w' }))

interface Run {
  child: ChildProcess
  lines: string[]
  ended: Promise<number | null>
  /** Waits for a line that begins the greeting and answers the address in it. */
  url(): Promise<string>
}

function start(args: string[], env: Record<string, string> = {}): Run {
  const temporary = { TMPDIR: join(root, 'tmp') }
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const waiting: (() => void)[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', line => {
      lines.push(line)
      for (const wake of waiting.splice(0)) wake()
    })
  const ended = once(child, 'close').then(([code]) => {
    for (const wake of waiting.splice(0)) wake()
    return code as number | null
  })
  const url = async (): Promise<string> => {
    for (;;) {
      const found = /is served at (\S+) by/.exec(lines.join('\n'))?.[1]
      if (found !== undefined) return found
      if (child.exitCode !== null) throw new Error(lines.join('\n'))
      await new Promise<void>(resolve => waiting.push(resolve))
    }
  }
  return { child, lines, ended, url }
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

beforeAll(() => mkdir(join(root, 'tmp'), { recursive: true }))

test('a folder with a score.py is served at the root, and Ctrl-C ends it without a trace', async () => {
  const folder = await folderOf('plain', { 'score.py': script, 'weights.bin': 'w' })
  const run = start([folder, '--port', '0'])
  const url = await run.url()
  const answer = await post(`${url}/score`, '{"x": "é"}')
  expect([answer.status, await answer.json()]).toEqual([200, { got: { x: 'é' }, seen: ['score.py', 'weights.bin'] }])
  expect(answer.headers.get('x-hagane-prediction-id')).toMatch(/^pr-/)
  expect(await (await fetch(`${url}/`)).text()).toBe('Healthy')
  expect(await (await fetch(`${url}/swagger.json`)).json()).toMatchObject({ swagger: '2.0', basePath: '/' })
  expect(run.lines.find(line => line.startsWith('curl'))).toContain(`${url}/`)
  expect(await (await fetch(`${url}/v2/models/model/ready`)).json()).toEqual({ name: 'model', ready: true })
  expect(run.lines.join('\n')).toMatch(/POST \/v2\/models\/model\/infer, gRPC at 127\.0\.0\.1:\d+/)
  run.child.kill('SIGINT')
  expect(await run.ended).toBe(0)
  expect(await readdir(join(root, 'tmp'))).toEqual([])
})

test('a package serves what it says on a port that was asked for, keeps its predictions, and asks for the key', async () => {
  const folder = await packageOf('package', script)
  const port = await freePort()
  const data = join(root, 'kept')
  const args = [folder, '--port', String(port), '--workers', '2', '--data', data, '--host', '0.0.0.0']
  const run = start(args, { HAGANE_SERVE_KEY: 'secret' })
  const url = await run.url()
  expect(url).toBe(`http://127.0.0.1:${port}`)
  expect((await post(`${url}/score`, '1')).status).toBe(401)
  const answer = await post(`${url}/score`, '1', { authorization: 'Bearer secret' })
  expect(await answer.json()).toEqual({ got: 1, seen: ['weights.bin'] })
  expect(run.lines.join('\n')).toContain('package of w, version 7')
  const taken = start([folder, '--port', String(port)])
  expect(await taken.ended).toBe(1)
  expect(taken.lines.join('\n')).toContain(`cannot listen on 127.0.0.1:${port}`)
  run.child.kill('SIGTERM')
  expect(await run.ended).toBe(0)
  const [revision = ''] = await readdir(join(data, 'predictions'))
  const segments = await readdir(join(data, 'predictions', revision))
  const kept = await readFile(
    join(data, 'predictions', revision, segments.find(name => name.endsWith('.ndjson')) ?? ''),
    'utf8',
  )
  expect(JSON.parse(kept)).toMatchObject({ status: 200, rows: 1 })
}, 60_000)

test('an ONNX file needs no Python, and a model without a conda file can be served with the Python that is there', async () => {
  const onnx = start([join(import.meta.dirname, '../../gateway/fixtures/iris.onnx'), '--port', '0'], {
    PATH: '/nowhere',
  })
  const answer = await post(`${await onnx.url()}/invocations`, '{"inputs": [[5.1, 3.5, 1.4, 0.2]]}')
  expect(answer.status).toBe(200)
  onnx.child.kill('SIGINT')
  expect(await onnx.ended).toBe(0)
  const bare = await folderOf('bare', { MLmodel: 'flavors: {python_function: {loader_module: no_such_loader}}\n' })
  const lines = async (...more: string[]): Promise<string> => {
    const run = start([bare, '--port', '0', ...more])
    expect(await run.ended).toBe(1)
    return run.lines.join('\n')
  }
  expect(await lines()).toContain('brings no conda.yaml and no requirements.txt')
  expect(await lines('--env-manager', 'local')).toContain('the MLflow model does not load')
})

test.each<[string, () => Promise<string[]>, string[]]>([
  ['nothing at the path', async () => [join(root, 'nowhere')], ['there is nothing at']],
  [
    'a folder of something else',
    async () => [await folderOf('odd', { 'a.txt': '' })],
    ['holds no MLmodel, no score.py'],
  ],
  [
    'a pickle',
    async () => [join(await folderOf('pickle', { 'm.pkl': 'x' }), 'm.pkl')],
    ['runs whatever code', 'skops'],
  ],
  ['a package that was changed', changed, ['code/main.py of the package is another file']],
  ['a package with a file less', shortened, ['model/weights.bin of the package is missing']],
  ['other machines without a key', async () => ['x', '--host', '0.0.0.0'], ['HAGANE_SERVE_KEY', '--no-key']],
  ['a port that is none', async () => ['x', '--port', '70000'], ["whole number from 0 to 65535, found '70000'"]],
  ['an unknown flag', async () => ['x', '--prot', '1'], ['Usage: serve.mjs']],
  [
    'a place for data that is none',
    async () => [await plain(), '--data', '/proc/nowhere'],
    ['--data: predictions and'],
  ],
  [
    'an address of no machine',
    async () => [await plain(), '--host', '203.0.113.1', '--no-key'],
    ['--host 203.0.113.1 is no'],
  ],
  ['an empty ONNX file', emptyOnnx, ['the ONNX model does not load']],
  ['a script that does not load', broken, ['score.py", line 1', 'does not load: ModuleNotFoundError']],
])('%s ends with the reason', async (_, args, words) => {
  const run = start(await args())
  expect(await run.ended).toBe(1)
  for (const word of words) expect(run.lines.join('\n')).toContain(word)
  expect(run.lines.join('\n')).not.toMatch(/^ +at .*:\d+:\d+/m)
})

async function changed(): Promise<string[]> {
  const folder = await packageOf('changed', script)
  await writeFile(join(folder, 'code/main.py'), `${script}\n`)
  return [folder]
}

async function shortened(): Promise<string[]> {
  const folder = await packageOf('shortened', script)
  await rm(join(folder, 'model/weights.bin'))
  return [folder]
}

const plain = () => folderOf('plain', { 'score.py': script })

async function emptyOnnx(): Promise<string[]> {
  return [join(await folderOf('empty', { 'm.onnx': '' }), 'm.onnx'), '--port', '0']
}

async function broken(): Promise<string[]> {
  return [await folderOf('broken', { 'score.py': 'import no_such_module\n' }), '--port', '0']
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

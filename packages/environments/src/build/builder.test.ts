import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { define, digestOf } from '../definition/definition.ts'
import { chooseInterpreter } from '../python/choose.ts'
import { findInterpreters, type Interpreter } from '../python/interpreters.ts'
import { openToolchain, type Toolchain } from '../python/toolchain.ts'
import { type Builder, type BuildRequest, openBuilder } from './builder.ts'
import { type Locked, lockDefinition } from './lock.ts'
import { parseLock, printLock } from './lock-text.ts'

/** Real Python, real uv, real packages: what is downloaded stays in the user's cache, so only the first run waits for it. */
let folder = ''
let toolchain: Toolchain
let interpreter: Interpreter
let locked: Locked

const quiet = () => undefined
const definitionOf = async (lines: string) =>
  (await define({ pip_requirements: lines }, async () => undefined)).definition
const lockOf = async (lines: string, tools = toolchain) => {
  const definition = await definitionOf(lines)
  return lockDefinition(definition, {
    interpreter,
    asWanted: true,
    definitionDigest: digestOf(definition),
    toolchain: async () => tools,
    onLine: quiet,
  })
}
const freshFolder = async (): Promise<string> => {
  const path = await mkdtemp(join(folder, 'envs-'))
  return path
}
const request = (lock: Locked, tools = toolchain, lines: string[] = []): BuildRequest => ({
  lockDigest: lock.digest,
  lockText: lock.text,
  interpreter,
  toolchain: async () => tools,
  env: tools.env,
  onLine: line => lines.push(line),
})
const python = (builder: { python: string }, code: string): string =>
  execFileSync(builder.python, ['-I', '-c', code], { encoding: 'utf8' }).trim()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-build-'))
  const interpreters = findInterpreters(process.env)
  interpreter = chooseInterpreter(undefined, await interpreters.all(), 'compatible').interpreter
  toolchain = await openToolchain({ env: process.env, dataDir: folder, interpreters })(quiet)
  locked = await lockOf('six==1.17.0')
}, 240_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a lock', () => {
  it('holds each package with hashes and no index, and is the same when it is made again', async () => {
    expect(parseLock(locked.text).entries).toContainEqual({
      name: 'six',
      version: '1.17.0',
      hashes: expect.arrayContaining([expect.stringMatching(/^[0-9a-f]{64}$/)]),
    })
    expect(locked.text).not.toMatch(/https?:|index|find-links/)
    expect((await lockOf('six==1.17.0')).digest).toBe(locked.digest)
  })

  it('takes the hashes that the author allows, and is refused when no file has one', async () => {
    const [allowed = ''] = parseLock(locked.text).entries.find(entry => entry.name === 'six')?.hashes ?? []
    const own = await lockOf(`six==1.17.0 --hash=sha256:${allowed}`)
    expect(parseLock(own.text).entries.find(entry => entry.name === 'six')?.hashes).toEqual([allowed])
    await expect(lockOf(`six==1.17.0 --hash=sha256:${'0'.repeat(64)}`)).rejects.toThrow('no file of six==1.17.0')
  })

  it('of a package that does not exist is refused by name, with the resolver’s own words', async () => {
    await expect(lockOf('six\nhagane-no-such-package-anywhere')).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('hagane-no-such-package-anywhere was not found'),
      details: [{ sent: 'hagane-no-such-package-anywhere' }, { message: expect.stringContaining('unsatisfiable') }],
    })
  })

  it('takes the nearest version where a pin has no wheel for this Python, and says so', async () => {
    const { text, deviations } = await lockOf('markupsafe==1.1.1')
    const version = parseLock(text).entries.find(entry => entry.name === 'markupsafe')?.version
    expect(deviations).toEqual(
      version === '1.1.1'
        ? []
        : [
            `markupsafe==1.1.1 has no wheel for python ${interpreter.version} on ${interpreter.platform}: ${version} was taken`,
          ],
    )
    expect(parseLock(text).fromSource).toEqual([])
  })

  it('says that the index cannot be reached, and never with its credentials', async () => {
    const env = { ...toolchain.env, UV_DEFAULT_INDEX: 'http://me:hunter2@127.0.0.1:9/simple', UV_HTTP_RETRIES: '0' }
    const failure = await lockOf('six', { ...toolchain, env }).catch(error => error)
    expect(failure).toMatchObject({ kind: 'unavailable', hint: expect.stringContaining('PIP_INDEX_URL') })
    expect(JSON.stringify(failure.toBody())).not.toContain('hunter2')
  })
}, 120_000)

describe('building', () => {
  it('makes an environment with its packages, pip and byte code, and finds it again', async () => {
    const builder = openBuilder(await freshFolder())
    const built = await builder.build(request(locked))
    expect(python(built, 'import six, pip, sys; print(six.__version__, sys.prefix)')).toBe(`1.17.0 ${built.prefix}`)
    expect(execFileSync(join(built.prefix, 'bin', 'pip'), ['--version'], { encoding: 'utf8' })).toContain(built.prefix)
    await builder.settled()
    expect(
      python(
        built,
        'import importlib.util, os, six; print(os.path.exists(importlib.util.cache_from_source(six.__file__)))',
      ),
    ).toBe('True')
    const inode = (await stat(built.prefix)).ino
    expect(await builder.build(request(locked))).toEqual(built)
    expect((await stat(built.prefix)).ino).toBe(inode)
    expect(await builder.find('0'.repeat(64))).toBeUndefined()
  })

  it('needs no network when the packages were downloaded before', async () => {
    const env = {
      ...toolchain.env,
      HTTPS_PROXY: 'http://127.0.0.1:9',
      HTTP_PROXY: 'http://127.0.0.1:9',
      ALL_PROXY: 'http://127.0.0.1:9',
      UV_HTTP_RETRIES: '0',
    }
    const lines: string[] = []
    const builder = openBuilder(await freshFolder())
    const built = await builder.build(request(locked, { ...toolchain, env }, lines))
    expect(python(built, 'import six; print(six.__version__)')).toBe('1.17.0')
    expect(lines.join('\n')).toContain('packages from the cache')
    await builder.stop()
  })

  it('of plain Python needs neither uv nor network, and has pip if Python brings it', async () => {
    const plain = await lockOf('')
    const none = async (): Promise<Toolchain> => Promise.reject(new Error('not needed'))
    const builder = openBuilder(await freshFolder())
    const built = await builder.build({ ...request(plain), toolchain: none })
    expect(python(built, 'import sys; print(sys.prefix)')).toBe(built.prefix)
    expect(await readFile(join(built.prefix, 'pyvenv.cfg'), 'utf8')).not.toContain('.building-')
  })

  it('that is killed in the middle leaves nothing that looks finished, and is done again', async () => {
    const envs = await freshFolder()
    const child = await stalledBuilder(envs)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const builder = openBuilder(envs)
    expect(await builder.find(locked.digest)).toBeUndefined()
    expect((await readdir(envs)).filter(name => name.startsWith('.building-'))).toHaveLength(1)
    const built = await builder.build(request(locked))
    expect(python(built, 'import six; print(six.__version__)')).toBe('1.17.0')
    expect((await readdir(envs)).filter(name => name.startsWith('.building-'))).toEqual([])
    await builder.stop()
  })

  it('is done by one process, while another waits for it', async () => {
    const envs = await freshFolder()
    const lines: string[] = []
    const [one, two] = [openBuilder(envs), openBuilder(envs)] as [Builder, Builder]
    const built = await Promise.all([
      one.build(request(locked, toolchain, lines)),
      two.build(request(locked, toolchain, lines)),
    ])
    expect(built[0]).toEqual(built[1])
    expect(lines.filter(line => line.startsWith('building for'))).toHaveLength(1)
    await Promise.all([one.stop(), two.stop()])
  })

  it('is done again when the Python of an environment is gone', async () => {
    const builder = openBuilder(await freshFolder())
    const built = await builder.build(request(locked))
    await rm(built.python)
    expect(await builder.find(locked.digest)).toBeUndefined()
    expect(python(await builder.build(request(locked)), 'import six; print(1)')).toBe('1')
    await builder.stop()
  })

  it('refuses files that are not those of the lock', async () => {
    const lock = parseLock(locked.text)
    const entries = lock.entries.map(entry => (entry.name === 'six' ? { ...entry, hashes: ['0'.repeat(64)] } : entry))
    const text = printLock({ ...lock, entries })
    const builder = openBuilder(await freshFolder())
    await expect(builder.build({ ...request(locked), lockText: text })).rejects.toMatchObject({
      kind: 'invalid',
      details: [{ message: expect.stringMatching(/hash/i) }],
    })
  })

  it('works with pip where uv cannot be had', async () => {
    const tools = { ...toolchain, uv: undefined }
    const lock = await lockOf('six==1.17.0', tools)
    expect(parseLock(lock.text).entries.find(entry => entry.name === 'six')).toMatchObject({
      version: '1.17.0',
      hashes: [expect.any(String)],
    })
    const builder = openBuilder(await freshFolder())
    const built = await builder.build(request(lock, tools))
    expect(python(built, 'import six, pip; print(six.__version__)')).toBe('1.17.0')
    await builder.stop()
  })
}, 120_000)

/** Another process that builds and stands still in the middle of the installation. */
async function stalledBuilder(envs: string) {
  const stalling = join(folder, 'stalling', 'uv')
  await mkdir(join(folder, 'stalling'), { recursive: true })
  await writeFile(stalling, '#!/bin/sh\necho stalled >&2\nexec sleep 60\n')
  await chmod(stalling, 0o755)
  const tools = { ...toolchain, uv: stalling }
  const code = `
    import { openBuilder } from ${JSON.stringify(new URL('./builder.ts', import.meta.url).href)}
    const request = ${JSON.stringify({ ...request(locked), toolchain: undefined })}
    console.log('started')
    await openBuilder(${JSON.stringify(envs)}).build({ ...request, onLine: line => console.log(line), toolchain: async () => (console.log('installing'), ${JSON.stringify(tools)}) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const chunk of child.stdout) if (String(chunk).includes('installing')) break
  return child
}

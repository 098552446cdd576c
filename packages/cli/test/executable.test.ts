import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const executable = join(import.meta.dirname, '..', 'bin', 'hagane.js')
const root = mkdtempSync(join(tmpdir(), 'hagane-bin-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const newFolder = () => mkdtempSync(join(root, 'f-'))
const quietEnv = () => ({ PATH: process.env.PATH, HOME: newFolder() })

const run = (node: string, argv: string[], env: Record<string, string> = {}, file = executable) =>
  spawnSync(node, [file, ...argv], { encoding: 'utf8', env: { ...quietEnv(), ...env } })

/** A Node of another generation on this machine, if there is one. */
function olderNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders
    .map(folder => join(folder, 'node'))
    .filter(file => existsSync(file))
    .find(file => /^v2[0-3]\./.test(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout))
}

describe.each([
  ['this Node', process.execPath],
  ['an older Node, which hands over', olderNode()],
])('started by %s', (_, node) => {
  const only = node === undefined ? it.skip : it

  only('runs the command line and ends as it ends', () => {
    expect(run(node ?? '', ['--version'])).toMatchObject({ status: 0, stdout: /^hagane \d/ })
    expect(run(node ?? '', ['jbo'])).toMatchObject({ status: 2, stdout: '', stderr: /did you mean job/ })
    expect(run(node ?? '', ['status'], { HAGANE_URL: 'http://127.0.0.1:9' }).status).toBe(3)
  })

  only('passes signals on', async () => {
    const server = createServer((_request, response) => response.write(': open\n\n'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const env = { ...quietEnv(), HAGANE_URL: url }
    const child = spawn(node ?? '', [executable, 'event', 'watch'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    await once(server, 'request')
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    server.closeAllConnections()
    server.close()
    expect(code).toBe(130)
  })
})

describe('a checkout that was not set up', () => {
  function incomplete(): string {
    const folder = newFolder()
    mkdirSync(join(folder, 'packages/cli/bin'), { recursive: true })
    cpSync(executable, join(folder, 'packages/cli/bin/hagane.js'))
    cpSync(join(import.meta.dirname, '..', 'package.json'), join(folder, 'packages/cli/package.json'))
    return join(folder, 'packages/cli/bin/hagane.js')
  }

  it('is told that the bundle is missing and how to get it', () => {
    const file = incomplete()
    expect(run(process.execPath, ['job', 'list'], {}, file)).toMatchObject({
      status: 1,
      stderr: /cli\.mjs is missing[\s\S]*npm ci/,
    })
    expect(run(process.execPath, ['up'], {}, file)).toMatchObject({
      status: 1,
      stderr: /main\.mjs is missing[\s\S]*npm ci/,
    })
  })

  const older = olderNode()
  it.skipIf(older === undefined)('is told which Node is needed', () => {
    expect(run(older ?? '', ['--version'], {}, incomplete())).toMatchObject({ status: 1, stderr: /needs Node 24/ })
  })
})

it('works through a symbolic link, as npm makes one', () => {
  const link = join(newFolder(), 'hagane')
  symlinkSync(executable, link)
  expect(run(process.execPath, ['--version'], {}, link).stdout).toMatch(/^hagane/)
})

it('prints no stack trace when the reader of the pipe goes away', () => {
  const command = `"${process.execPath}" "${executable}" completion bash | head -1`
  const ran = spawnSync('bash', ['-c', command], { encoding: 'utf8', env: quietEnv() })
  expect(ran).toMatchObject({ status: 0, stderr: '', stdout: '# bash completion of hagane\n' })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hagane-temporary-'))
  vi.stubEnv('TMPDIR', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const program = `
const { temporaryFolder } = await import(${JSON.stringify(join(import.meta.dirname, 'temporary-folder.ts'))})
console.log(await temporaryFolder('hagane-serve'))
setInterval(() => undefined, 1000)
`

/** A process that has such a folder. */
async function holder() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [path] = (await once(createInterface(child.stdout), 'line')) as [string]
  const kill = async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { name: basename(path), kill }
}

test('the folder of a process that was killed is removed at the next start, those of others stay', async () => {
  const [killed, living] = [await holder(), await holder()]
  writeFileSync(join(folder, killed.name, 'prediction'), 'x')
  await killed.kill()
  const own = basename(await temporaryFolder('hagane-serve-model'))
  expect(readdirSync(folder).sort()).toEqual([living.name, own].sort())
  await living.kill()
  expect(basename(await temporaryFolder('hagane-serve'))).not.toBe(own)
  expect(readdirSync(folder)).not.toContain(living.name)
})

test('what only has such a name is left alone', async () => {
  const left = await holder()
  await left.kill()
  const ofAnotherMachine = left.name.replace(/^hagane-serve-\w{8}/, 'hagane-serve-00000000')
  const link = left.name.replace(/\w{6}$/, 'linked')
  const more = `${left.name}x`
  mkdirSync(join(folder, ofAnotherMachine))
  mkdirSync(join(folder, more))
  mkdirSync(join(folder, 'elsewhere'))
  symlinkSync(join(folder, 'elsewhere'), join(folder, link))
  await temporaryFolder('hagane-serve')
  expect(readdirSync(folder)).toEqual(expect.arrayContaining([ofAnotherMachine, more, link, 'elsewhere']))
  expect(readdirSync(folder)).not.toContain(left.name)
})

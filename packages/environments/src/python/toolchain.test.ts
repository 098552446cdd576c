import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findInterpreters } from './interpreters.ts'
import { cacheFolder, openToolchain } from './toolchain.ts'
import { UV_VERSION, uvVersionAt } from './uv.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-tools-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the tools that build environments', () => {
  it('are installed once when the machine has none, also when two servers start together', async () => {
    const env = {
      ...process.env,
      HAGANE_UV: '',
      XDG_CACHE_HOME: folder,
      PATH: (process.env.PATH ?? '')
        .split(':')
        .filter(part => !/uv/.test(part))
        .join(':'),
    }
    const interpreters = findInterpreters(env)
    const lines: string[] = []
    const open = () => openToolchain({ env, dataDir: folder, interpreters })(line => lines.push(line))
    const [one, two] = await Promise.all([open(), open()])
    expect(one.uv).toBeDefined()
    expect(two.uv).toBe(one.uv)
    if (one.uv !== 'uv') {
      expect(await uvVersionAt(one.uv ?? '', one.env)).toBe(UV_VERSION)
      expect(lines.filter(line => line.startsWith('installing uv'))).toHaveLength(1)
      expect((await readdir(join(folder, 'hagane', 'tools'))).filter(name => !name.startsWith('.')).sort()).toEqual([
        `uv-${UV_VERSION}`,
        `uv-${UV_VERSION}.lock`,
      ])
    }
    expect(one.env).toMatchObject({ UV_PYTHON_DOWNLOADS: 'never' })
  }, 240_000)

  it('named by HAGANE_UV must work', async () => {
    const env = { ...process.env, HAGANE_UV: '/nowhere/uv', XDG_CACHE_HOME: folder }
    await expect(
      openToolchain({ env, dataDir: folder, interpreters: findInterpreters(env) })(() => undefined),
    ).rejects.toThrow('HAGANE_UV')
  }, 60_000)

  it('keep their cache in the data folder when the home folder cannot be written', async () => {
    expect(await cacheFolder({ HOME: '/dev/null' }, folder)).toBe(join(folder, 'cache'))
    expect(await cacheFolder({ HOME: '/dev/null', XDG_CACHE_HOME: join(folder, 'own') }, folder)).toBe(
      join(folder, 'own', 'hagane'),
    )
  })
})

import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../testing/run-cli.ts'
import { configPath, readConfig, writeConfig } from './config-file.ts'
import { readSettings } from './settings.ts'

const settings = (env: Record<string, string>, home = newFolder(), workspaceFlag?: string) =>
  readSettings({ env, home, user: 'alice', workspaceFlag })

describe('settings', () => {
  it('are built in when nobody says anything', async () => {
    expect(await settings({})).toMatchObject({
      url: { value: 'http://127.0.0.1:7700', from: 'built in' },
      workspace: { value: 'default', from: 'built in' },
      actor: { value: 'alice' },
      token: undefined,
    })
  })

  it('come from the flag before the environment before the file', async () => {
    const home = newFolder()
    await writeConfig(configPath({}, home), { url: 'http://file:1', workspace: 'file' })
    expect(await settings({}, home)).toMatchObject({ url: { value: 'http://file:1' }, workspace: { value: 'file' } })
    const env = { HAGANE_URL: 'http://env:1/', HAGANE_WORKSPACE: 'env' }
    expect(await settings(env, home)).toMatchObject({
      url: { value: 'http://env:1', from: 'HAGANE_URL' },
      workspace: { value: 'env' },
    })
    expect((await settings(env, home, 'flag')).workspace).toEqual({ value: 'flag', from: '--workspace-name' })
  })

  it('never send the token of one server to another', async () => {
    const home = newFolder()
    await writeConfig(configPath({}, home), { url: 'http://a:1', tokens: { 'http://a:1': 'secret' } })
    expect((await settings({}, home)).token?.value).toBe('secret')
    expect((await settings({ HAGANE_URL: 'http://b:1' }, home)).token).toBeUndefined()
    expect((await settings({ HAGANE_URL: 'http://b:1', HAGANE_TOKEN: 'own' }, home)).token?.value).toBe('own')
  })

  it.each(['a\nb', 'a b', '鍵'])('refuse the token %j, name where it came from and do not show it', async token => {
    await expect(settings({ HAGANE_TOKEN: token })).rejects.toThrow(
      /^the token from HAGANE_TOKEN is none: it holds blanks/,
    )
  })

  it.each(['ftp://x', 'localhost:7700', 'x'])('refuse the address %s and name where it came from', async url => {
    await expect(settings({ HAGANE_URL: url })).rejects.toThrow(/from HAGANE_URL/)
  })
})

describe('the configuration file', () => {
  it('lies where XDG_CONFIG_HOME says', () => {
    expect(configPath({ XDG_CONFIG_HOME: '/x' }, '/a')).toBe('/x/hagane/config.json')
    expect(configPath({ XDG_CONFIG_HOME: '' }, '/a')).toBe('/a/.config/hagane/config.json')
  })

  it('is readable by its owner only', async () => {
    const path = configPath({}, newFolder())
    await writeConfig(path, { url: 'http://a' })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await readConfig(path)).toEqual({ url: 'http://a' })
  })

  it.each(['{', '[]', 'null'])('that holds %s is named in the error', async content => {
    const path = configPath({}, newFolder())
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    await expect(readConfig(path)).rejects.toThrow(path)
  })
})

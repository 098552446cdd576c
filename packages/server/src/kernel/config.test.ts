import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isLoopback, loadConfig } from './config.ts'

describe('configuration', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'hagane-config-'))
  writeFileSync(join(cwd, 'hagane.yaml'), 'port: 1111\nlog_level: debug\ndatabase: postgres://u:secret@h/d\n')

  it('takes flags before variables before the file before defaults, and says which', () => {
    const config = loadConfig(
      { port: '3333' },
      { HAGANE_PORT: '2222', HAGANE_LOG_LEVEL: 'error', HOME: '/home/me' },
      cwd,
    )
    expect(config).toMatchObject({ port: 3333, log_level: 'error', host: '127.0.0.1', dataDir: '/home/me/.hagane' })
    expect(config.origin.port).toEqual({ value: 3333, from: 'flag --port' })
    expect(config.origin.log_level.from).toBe('HAGANE_LOG_LEVEL')
    expect(config.origin.host.from).toBe('default')
    expect(config.origin.database).toEqual({ value: 'postgres://u:***@h/d', from: join(cwd, 'hagane.yaml') })
  })
  it('refuses unknown settings and wrong values, naming them', () => {
    expect(() => loadConfig({ colour: 'red' }, {}, cwd)).toThrow("unknown property 'colour'")
    expect(() => loadConfig({ port: '70000' }, {}, cwd)).toThrow('port')
    expect(() => loadConfig({ config: 'missing.yaml' }, {}, cwd)).toThrow('missing.yaml')
  })
  it.each([
    ['127.0.0.1', true],
    ['localhost', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['127.0.0.1.evil.example', false],
  ])('knows whether %s is loopback', (host, expected) => {
    expect(isLoopback(host)).toBe(expected)
  })
})

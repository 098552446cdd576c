import { describe, expect, it } from 'vitest'
import { serveOptions } from './options.ts'

const of = (words: object, env: NodeJS.ProcessEnv = {}) => serveOptions({ target: './model', ...words }, env)

describe('the flags of serving', () => {
  it('are one worker, loopback and the packages of the model when nothing is said', () => {
    expect(of({})).toMatchObject({ host: '127.0.0.1', workers: 1, environmentManager: 'lock' })
    expect(of({}).port).toBeUndefined()
  })

  it('take a Python that is named as the one to serve with', () => {
    expect(of({ python: 'python3.12' })).toMatchObject({ environmentManager: 'local', python: 'python3.12' })
    expect(() => of({ python: 'p', envManager: 'lock' })).toThrow('--python p is not used with --env-manager lock')
  })

  it('take the key from the environment, unless everybody is let in', () => {
    expect(of({ host: '0.0.0.0' }, { HAGANE_SERVE_KEY: 'k' }).key).toBe('k')
    expect(of({ host: '0.0.0.0', noKey: true }, { HAGANE_SERVE_KEY: 'k' }).key).toBeUndefined()
    expect(() => of({ host: '0.0.0.0' })).toThrow('no key is asked for')
  })

  it.each<[object, string]>([
    [{ port: '70000' }, "--port must be a whole number from 0 to 65535, found '70000'"],
    [{ port: '0x50' }, "found '0x50'"],
    [{ workers: 0 }, '--workers must be a whole number from 1 to 256'],
    [{ workers: '1.5' }, "found '1.5'"],
    [{ envManager: 'conda' }, "--env-manager must be one of lock, local, found 'conda'"],
    [{ target: '' }, 'the model is empty'],
    [{ python: '' }, '--python is empty'],
    [{ data: ' ' }, '--data is empty'],
    [{ host: '' }, '--host is empty'],
  ])('%j is refused by name', (words, message) => {
    expect(() => of(words)).toThrow(message)
  })
})

import { describe, expect, it } from 'vitest'
import { type Lock, lockDigestOf, parseLock, printLock, readEntries } from './lock-text.ts'

const lock: Lock = {
  python: '3.10.13',
  platform: 'linux-x86_64',
  definition: 'd'.repeat(64),
  fromSource: ['pyspark'],
  entries: [
    { name: 'six', version: '1.17.0', hashes: ['b'.repeat(64), 'a'.repeat(64)] },
    { name: 'pyspark', version: '3.4.0', hashes: ['c'.repeat(64)] },
  ],
}

describe('a lock', () => {
  it('is a requirements file with hashes, the same for the same content in any order', () => {
    const text = printLock(lock)
    expect(text).toContain(
      `six==1.17.0 \\\n    --hash=sha256:${'a'.repeat(64)} \\\n    --hash=sha256:${'b'.repeat(64)}\n`,
    )
    expect(lockDigestOf(printLock({ ...lock, entries: lock.entries.toReversed() }))).toBe(lockDigestOf(text))
    expect(printLock(parseLock(text))).toBe(text)
    expect(parseLock(text)).toMatchObject({ python: '3.10.13', platform: 'linux-x86_64', fromSource: ['pyspark'] })
  })

  it('of no packages is one too', () => {
    expect(parseLock(printLock({ ...lock, entries: [], fromSource: [] })).entries).toEqual([])
  })

  it('is not made out of any other text', () => {
    expect(() => parseLock('six==1.17.0\n')).toThrow('not an environment lock')
  })

  it('takes versions and hashes out of what the resolver prints, not its comments or indexes', () => {
    const printed = `--index-url https://host/simple\nsix[x]==1.17.0 ; python_version < '4' \\\n    --hash=sha256:${'a'.repeat(64)}\n    # via other==2\n`
    expect(readEntries(printed)).toEqual([{ name: 'six', version: '1.17.0', hashes: ['a'.repeat(64)] }])
  })
})

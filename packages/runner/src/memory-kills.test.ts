import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { hasRisen, memoryKills } from './memory-kills.ts'
import { ranOutOfMemory } from './out-of-memory.ts'

describe('the counter of processes that were ended for lack of memory', () => {
  const root = mkdtempSync(join(tmpdir(), 'hagane-cgroup-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const self = join(root, 'self')
  const events = join(root, 'memory.events')
  const kills = (count: number) => writeFileSync(events, `low 0\nmax 9\noom 4\noom_kill ${count}\noom_group_kill 7\n`)

  it('is that of the own cgroup, and tells of a kill since', () => {
    writeFileSync(self, '4:memory:/old\n0::/\n')
    kills(3)
    const before = memoryKills(self, root)
    expect(before).toEqual({ file: events, count: 3 })
    expect(hasRisen(before)).toBe(false)
    kills(4)
    expect(hasRisen(before)).toBe(true)
  })

  it('says no when it began anew, is gone, or never was', () => {
    kills(9)
    const before = memoryKills(self, root)
    kills(1)
    expect(hasRisen(before)).toBe(false)
    rmSync(events)
    expect(hasRisen(before)).toBe(false)
    expect(hasRisen(undefined)).toBe(false)
    expect(ranOutOfMemory(root)).toBe(false)
    writeFileSync(join(root, 'step.json'), '{"memoryKi')
    expect(ranOutOfMemory(root)).toBe(false)
  })

  it.runIf(process.platform === 'linux')('is the machine’s where there is no cgroup', () => {
    expect(memoryKills(join(root, 'none'), root)).toMatchObject({ file: '/proc/vmstat' })
  })
})

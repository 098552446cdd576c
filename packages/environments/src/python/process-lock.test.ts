import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withProcessLock } from './process-lock.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-lock-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Another process that takes the lock, says so and keeps it. */
async function holder(path: string) {
  const module = new URL('./process-lock.ts', import.meta.url).href
  const code = `import { withProcessLock } from ${JSON.stringify(module)}; await withProcessLock(${JSON.stringify(path)}, () => { console.log('held'); return new Promise(done => setTimeout(done, 600_000)) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

describe('a lock between processes', () => {
  it('lets one in at a time, in one process too', async () => {
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await new Promise(done => setTimeout(done, 5))
      inside -= 1
    }
    await Promise.all([1, 2, 3, 4].map(() => withProcessLock(join(folder, 'own'), work)))
    expect(most).toBe(1)
  })

  it('is free again when its holder is killed', async () => {
    const path = join(folder, 'killed')
    const child = await holder(path)
    let waited = false
    const taken = withProcessLock(path, async () => 'mine', {
      onWait: () => {
        waited = true
        child.kill('SIGKILL')
      },
    })
    await expect(taken).resolves.toBe('mine')
    expect(waited).toBe(true)
  })

  it('is given up waiting for when the caller goes away', async () => {
    const path = join(folder, 'aborted')
    const gone = new AbortController()
    await withProcessLock(path, async () => {
      const second = withProcessLock(path, async () => 'never', {
        signal: gone.signal,
        onWait: () => gone.abort(new Error('went away')),
      })
      await expect(second).rejects.toThrow()
    })
  })

  it('is free again when the work fails', async () => {
    const path = join(folder, 'failed')
    await expect(withProcessLock(path, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await expect(withProcessLock(path, async () => 'next')).resolves.toBe('next')
  })
})

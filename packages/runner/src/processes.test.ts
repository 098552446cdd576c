import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { listProcesses, processesOf, startOf } from './processes.ts'
import { stepToken } from './step-variable.ts'

const sleeper = async (env: Record<string, string> = {}) => {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env: { ...process.env, ...env } })
  await once(child, 'spawn')
  return { child, pid: child.pid ?? 0 }
}

it('a live process has a start, one that ended has none', async () => {
  const { child, pid } = await sleeper()
  const start = await startOf(pid)
  expect(start).toBeTypeOf('string')
  expect(await startOf(pid)).toBe(start)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await startOf(pid)).toBeUndefined()
})

it('ps and /proc tell the same about parents and groups', async () => {
  const { child, pid } = await sleeper()
  const sources = existsSync('/proc/self/stat') ? (['ps', 'proc'] as const) : (['ps'] as const)
  for (const source of sources) {
    const found = (await listProcesses(source)).find(each => each.pid === pid)
    expect(found).toMatchObject({ parent: process.pid, group: pid })
  }
  child.kill('SIGKILL')
})

it('processes of a step are found by the variable they carry, exactly', async () => {
  const [mine, other] = [
    await sleeper({ HAGANE_STEP: stepToken('/data/jobs/鋼 a/1') }),
    await sleeper({ HAGANE_STEP: stepToken('/data/jobs/鋼 a/10') }),
  ]
  const found = await processesOf({ folder: '/data/jobs/鋼 a/1', leader: undefined })
  expect(found.map(each => each.pid)).toEqual([mine.pid])
  for (const { child } of [mine, other]) child.kill('SIGKILL')
})

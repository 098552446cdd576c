import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { adopt, start } from './index.ts'
import { freshFolder, isRunning, lineIn, logOf, staged, until } from './testing/steps.ts'

/** Waits until the command says `ready`, so that its traps are set. */
const ready = (folder: string) => until(() => logOf(folder).includes('ready'))

describe('cancel', () => {
  it('asks with SIGTERM, and the command may clean up', async () => {
    const running = await start(
      await staged("trap 'echo cleaned; exit 9' TERM; echo ready; while :; do sleep 0.05; done"),
    )
    await ready(running.folder)
    await running.cancel()
    expect(await running.exit).toMatchObject({ code: 9, reason: 'canceled' })
    expect(logOf(running.folder)).toContain('cleaned')
  })
  it('kills what ignores SIGTERM, and the exit code is still written', async () => {
    const running = await start(await staged("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    await ready(running.folder)
    await running.cancel(0.2)
    const exit = await running.exit
    expect(exit).toMatchObject({ code: 137, reason: 'canceled' })
    expect(await adopt(running.folder)).toEqual({ state: 'exited', exit })
  })
  it('reaches children, grandchildren and those that left the group or the session', async () => {
    const folder = freshFolder()
    const daemon = `python3 -c "import os,sys,time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
open(sys.argv[1], 'w').write('%d\\n' % os.getpid())
time.sleep(1000)" ${folder}/daemon`
    const command = `sleep 1000 & echo $! > ${folder}/child
bash -c 'sleep 1000 & echo $! > ${folder}/grandchild; wait' &
set -m; sleep 1000 & echo $! > ${folder}/group
${daemon}
echo ready; wait`
    const running = await start(await staged(command))
    const pids: number[] = []
    for (const name of ['child', 'grandchild', 'group', 'daemon']) pids.push(Number(await lineIn(join(folder, name))))
    await ready(running.folder)
    expect(pids.map(isRunning)).toEqual([true, true, true, true])
    await running.cancel(1)
    expect(pids.map(isRunning)).toEqual([false, false, false, false])
    expect((await running.exit).reason).toBe('canceled')
  })
  it('in the moment of the start is not lost', async () => {
    for (let round = 0; round < 20; round++) {
      const running = await start(await staged('sleep 1000'))
      await running.cancel(600)
      expect(await running.exit).toMatchObject({ code: 143, reason: 'canceled' })
    }
  })
  it('leaves other steps alone', async () => {
    const gate = join(freshFolder(), 'gate')
    const other = await start(await staged(`until [ -e ${gate} ]; do sleep 0.01; done; echo done`))
    const running = await start(await staged('sleep 1000'))
    await running.cancel()
    expect(isRunning(other.pid)).toBe(true)
    writeFileSync(gate, '')
    expect(await other.exit).toMatchObject({ code: 0, reason: 'exited' })
  })
  it('of a step that has ended changes nothing', async () => {
    const running = await start(await staged('exit 3'))
    const exit = await running.exit
    await running.cancel()
    expect(await adopt(running.folder)).toEqual({ state: 'exited', exit })
    expect(exit.reason).toBe('exited')
  })
  it('may be asked for twice, the second time with less patience', async () => {
    const running = await start(await staged("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    await ready(running.folder)
    await Promise.all([running.cancel(600), running.cancel(0)])
    expect(await running.exit).toMatchObject({ code: 137, reason: 'canceled' })
  })
})

describe('a time limit', () => {
  it('ends the process tree and is the reason', async () => {
    const file = join(freshFolder(), 'pid')
    const running = await start(await staged(`sleep 1000 & echo $! > ${file}; sleep 1000`, { timeoutSeconds: 0.3 }))
    const exit = await running.exit
    expect(exit).toMatchObject({ code: 143, reason: 'timeout' })
    expect(isRunning(Number(readFileSync(file, 'utf8')))).toBe(false)
    expect(await adopt(running.folder)).toEqual({ state: 'exited', exit })
  })
  it('that is not reached changes nothing', async () => {
    const running = await start(await staged('exit 0', { timeoutSeconds: 10_000_000 }))
    expect(await running.exit).toMatchObject({ code: 0, reason: 'exited' })
  })
  it('that passed while nobody watched is kept by whoever adopts the step', async () => {
    const first = await start(await staged('sleep 1000', { timeoutSeconds: 0.5 }))
    first.release()
    const found = await adopt(first.folder)
    if (found.state !== 'running') throw new Error(`the step is ${found.state}`)
    expect(await found.step.exit).toMatchObject({ code: 143, reason: 'timeout' })
    // this process is still the parent and saw the end, but it had let go
    expect(await Promise.race([first.exit, sleep(50, 'nothing')])).toBe('nothing')
  })
})

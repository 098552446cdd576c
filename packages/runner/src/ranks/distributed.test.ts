import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adopt, collect, start, tail } from '../index.ts'
import { folderStore } from '../testing/folder-store.ts'
import { freshFolder, isRunning, lineIn, logOf, runCommand, staged, until } from '../testing/steps.ts'
import type { Distribution } from '../types.ts'

const pytorch = (instances: number, processesPerInstance = 1): { distribution: Distribution } => ({
  distribution: { type: 'pytorch', instances, processesPerInstance, parameterServers: 0 },
})
const linesOf = (log: string) => log.trimEnd().split('\n').sort()
const supervisorOf = (child: number): number =>
  Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${child}/stat`, 'latin1'))?.[1])

describe('a distributed step', () => {
  it('runs its command once for each rank, in one folder, and says which rank printed a line', async () => {
    const { log, exit, folder } = await runCommand(
      'echo "$RANK of $WORLD_SIZE"; echo error >&2; echo $MASTER_PORT >> outputs/ports; printf end',
      pytorch(2, 2),
    )
    expect(exit).toMatchObject({ code: 0, reason: 'exited' })
    expect(exit).not.toHaveProperty('rank')
    const expected = [0, 1, 2, 3].flatMap(rank =>
      [`${rank} of 4`, 'error', 'end'].map(text => `[rank ${rank}] ${text}`),
    )
    expect(linesOf(log)).toEqual(expected.sort())
    const ports = readFileSync(join(folder, 'work', 'outputs', 'ports'), 'utf8')
      .trim()
      .split('\n')
    expect(ports).toHaveLength(4)
    expect(new Set(ports).size).toBe(1)
  })

  it('keeps each rank’s own log, without prefixes, among the artifacts', async () => {
    const { folder } = await runCommand('echo "rank $RANK"', pytorch(2))
    const store = folderStore(freshFolder())
    const { artifacts } = await collect(folder, store)
    const files = await store.read(artifacts?.digest ?? '')
    expect(files['user_logs/std_log_process_0.txt']).toBe('rank 0\n')
    expect(files['user_logs/std_log_process_1.txt']).toBe('rank 1\n')
    expect(linesOf(files['user_logs/std_log.txt'] ?? '')).toEqual(['[rank 0] rank 0', '[rank 1] rank 1'])
  })

  it('prints lines whole, however much the ranks print at once', async () => {
    const { log } = await runCommand(
      'for i in $(seq 3000); do echo "$RANK-$i-xxxxxxxxxxxxxxxxxxxxxxxx"; done',
      pytorch(3),
    )
    const lines = log.trimEnd().split('\n')
    expect(lines).toHaveLength(9000)
    expect(lines.filter(line => !/^\[rank (\d)\] \1-\d+-x{24}$/.test(line))).toEqual([])
  })

  it('ends with the code of the first rank that fails, and its children and the other ranks end with it', async () => {
    const notes = freshFolder()
    const command = `if [ $RANK = 1 ]; then until [ -e ${notes}/0 ] && [ -e ${notes}/2 ]; do sleep 0.01; done; echo why; exit 7; fi
sleep 1000 & echo $! > ${notes}/$RANK; wait`
    const { exit, folder, log } = await runCommand(command, pytorch(3))
    expect(exit).toMatchObject({ code: 7, reason: 'exited', rank: 1 })
    for (const rank of [0, 2]) expect(isRunning(Number(readFileSync(join(notes, String(rank)), 'utf8')))).toBe(false)
    expect(await tail(folder, 5)).toEqual(['why'])
    expect(log).toContain('[hagane] rank 1 exited with code 7; the other ranks are ended\n')
  })

  it('kills ranks that ignore SIGTERM when another fails', async () => {
    const notes = freshFolder()
    const command = `if [ $RANK = 0 ]; then until [ -e ${notes}/1 ]; do sleep 0.01; done; kill -9 $$; fi
trap '' TERM; echo $$ > ${notes}/1; while :; do sleep 0.05; done`
    const { exit } = await runCommand(command, pytorch(2))
    expect(exit).toMatchObject({ code: 137, rank: 0 })
    expect(isRunning(Number(readFileSync(join(notes, '1'), 'utf8')))).toBe(false)
  })

  it('ends when the workers of TensorFlow have ended, with their parameter servers', async () => {
    const { exit, log } = await runCommand('case $TF_CONFIG in *\\"ps\\",*) sleep 1000;; *) echo worker;; esac', {
      distribution: { type: 'tensorflow', instances: 2, processesPerInstance: 1, parameterServers: 1 },
    })
    expect(exit.code).toBe(0)
    expect(linesOf(log)).toEqual(['[rank 0] worker', '[rank 1] worker'])
  })

  it('is canceled whole', async () => {
    const notes = freshFolder()
    const running = await start(await staged(`sleep 1000 & echo $! > ${notes}/$RANK; wait`, pytorch(2)))
    const children = [Number(await lineIn(join(notes, '0'))), Number(await lineIn(join(notes, '1')))]
    await running.cancel()
    expect(await running.exit).toMatchObject({ reason: 'canceled' })
    expect(await running.exit).not.toHaveProperty('rank')
    expect(children.map(isRunning)).toEqual([false, false])
  })

  it('in the moment of the start is canceled as well', async () => {
    for (let round = 0; round < 5; round++) {
      const running = await start(await staged('sleep 1000', pytorch(2)))
      await running.cancel(60)
      expect(await running.exit).toMatchObject({ code: 143, reason: 'canceled' })
    }
  })

  it('is stopped by its timeout', async () => {
    const { exit } = await runCommand('sleep 1000', { ...pytorch(2), timeoutSeconds: 1 })
    expect(exit.reason).toBe('timeout')
  })

  it('goes on when the server is killed, and is adopted with its code and rank', async () => {
    const gate = join(freshFolder(), 'gate')
    const first = await start(
      await staged(`echo ready; until [ -e ${gate} ]; do sleep 0.01; done; exit $((RANK * 5))`, pytorch(2)),
    )
    await until(() => logOf(first.folder).includes('[rank 1] ready'))
    first.release()
    const found = await adopt(first.folder)
    if (found.state !== 'running') throw new Error(`the step is ${found.state}`)
    writeFileSync(gate, '')
    expect(await found.step.exit).toMatchObject({ code: 5, reason: 'exited', rank: 1 })
  })

  it('goes on when its wrapper is killed', async () => {
    const gate = join(freshFolder(), 'gate')
    const command = `echo ready; until [ -e ${gate} ]; do sleep 0.01; done; exit $((RANK * 6))`
    const running = await start(await staged(command, pytorch(2)))
    await until(() => logOf(running.folder).includes('[rank 1] ready'))
    process.kill(running.pid, 'SIGKILL')
    writeFileSync(gate, '')
    expect(await running.exit).toMatchObject({ code: 6, reason: 'exited', rank: 1 })
  })

  it.skipIf(!existsSync('/proc/self/stat'))('leaves no rank behind when its supervisor is killed', async () => {
    const notes = freshFolder()
    const running = await start(await staged(`echo $$ > ${notes}/$RANK; sleep 1000; true`, pytorch(2)))
    const ranks = [Number(await lineIn(join(notes, '0'))), Number(await lineIn(join(notes, '1')))]
    process.kill(supervisorOf(ranks[0] ?? 0), 'SIGKILL')
    expect(await running.exit).toMatchObject({ code: 137, reason: 'exited' })
    expect(ranks.map(isRunning)).toEqual([false, false])
  })
})

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adopt, stage, start } from './index.ts'
import { freshFolder, freshStore, isRunning, lineIn, logOf, planOf, runCommand, staged } from './testing/steps.ts'

describe('the command', () => {
  it.each([
    ['true', 0],
    ['exit 3', 3],
    ['false; exit 255', 255],
    ['no-such-command-here', 127],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['bash -c "kill -SEGV \\$\\$"', 139],
    ['kill -INT $$', 130],
    ['kill -TERM 0', 143],
    ['sleep 0 | exit 7', 7],
    ['-x', 127],
    ['exit 75', 75],
  ])('%s ends with code %i', async (command, code) => {
    const { exit, folder } = await runCommand(command)
    expect(exit).toMatchObject({ code, reason: 'exited' })
    expect(await adopt(folder)).toEqual({ state: 'exited', exit })
  })

  it('is one bash text in the code folder: pipes, arrays, lines, background, redirection', async () => {
    const store = freshStore()
    const tree = await store.tree({ 'hello.txt': 'from the code\n' })
    const text =
      'cat hello.txt &\nwait; a=(x y)\necho "${a[1]}" | tr y z > outputs/o.txt && cat outputs/o.txt; [[ z == z* ]] && echo yes'
    const step = await stage(planOf(text, { code: { tree, path: '' } }), store)
    const { code } = await (await start(step)).exit
    expect(code).toBe(0)
    expect(logOf(step.folder)).toBe('from the code\nz\nyes\n')
  })

  it('writes standard output and error into one log, in order, and reads nothing', async () => {
    const { log } = await runCommand('echo one; echo two >&2; cat; printf three')
    expect(log).toBe('one\ntwo\nthree')
  })

  it('that is killed leaves no words of a shell in the log', async () => {
    expect((await runCommand('echo before; kill -KILL $$')).log).toBe('before\n')
  })

  it('sees its own environment and not the server’s secrets', async () => {
    process.env.RUNNER_TEST_TOKEN = 'secret'
    const { log } = await runCommand('echo "$GREETING|${RUNNER_TEST_TOKEN-none}|${hagane_boot-none}"', {
      environment: { GREETING: 'hello "world" $HOME' },
    })
    delete process.env.RUNNER_TEST_TOKEN
    expect(log).toBe(`hello "world" $HOME|none|none\n`)
  })

  it('holds no descriptor of the runner', async () => {
    const { log } = await runCommand(
      'for n in 3 4 5 6 7 8 9; do { true >&$n; } 2>/dev/null && echo open $n; done; true',
    )
    expect(log).toBe('')
  })

  it('gets the environment’s bin folder first on PATH', async () => {
    const { log } = await runCommand('echo "$PATH" | cut -d: -f1; echo $VIRTUAL_ENV', {
      python: { prefix: '/opt/some env' },
    })
    expect(log).toBe('/opt/some env/bin\n/opt/some env\n')
  })

  it('survives a step folder with blanks, quotes and other letters', async () => {
    const folder = join(freshFolder(), 'it\'s a "folder" $HOME 鋼', '1')
    const { exit, log } = await runCommand('pwd', { folder })
    expect(exit.code).toBe(0)
    expect(log).toBe(`${join(folder, 'work')}\n`)
  })
})

describe('a second start', () => {
  it('after the end does not run the command again and tells how it ended', async () => {
    const step = await staged('echo ran; exit 4')
    const first = await (await start(step)).exit
    const second = await start(step)
    expect(await second.exit).toEqual(first)
    await second.cancel()
    expect(logOf(step.folder)).toBe('ran\n')
  })
  it('while it runs follows the same process', async () => {
    const gate = join(freshFolder(), 'gate')
    const step = await staged(`echo ran; until [ -e ${gate} ]; do sleep 0.01; done; exit 5`)
    const first = await start(step)
    const second = await start(step)
    expect(second.pid).toBe(first.pid)
    expect(second.startedAt).toBe(first.startedAt)
    writeFileSync(gate, '')
    expect(await second.exit).toEqual(await first.exit)
    expect((await first.exit).code).toBe(5)
    expect(logOf(step.folder)).toBe('ran\n')
  })
  it('at the same moment leads to one run', async () => {
    for (let round = 0; round < 5; round++) {
      const step = await staged('echo ran; exit 6')
      const steps = await Promise.all([start(step), start(step), start(step), start(step)])
      const exits = await Promise.all(steps.map(running => running.exit))
      expect(new Set(steps.map(running => running.pid)).size).toBe(1)
      expect(exits.map(exit => exit.code)).toEqual([6, 6, 6, 6])
      expect(logOf(step.folder)).toBe('ran\n')
    }
  })
})

describe('the end', () => {
  it('waits for children left in the background, so that log and outputs are whole', async () => {
    const { exit, log } = await runCommand('(sleep 0.2; echo late; echo x > outputs/late.txt) & echo early')
    expect(exit.code).toBe(0)
    expect(log).toBe('early\nlate\n')
  })
  it('ends children that do not finish', async () => {
    const file = join(freshFolder(), 'pid')
    const { exit } = await runCommand(`sleep 1000 & echo $! > ${file}; exit 2`)
    expect(exit).toMatchObject({ code: 2, reason: 'exited' })
    expect(isRunning(Number(readFileSync(file, 'utf8')))).toBe(false)
  })
  it('is reported even when all of the step is killed, and nothing of it goes on', async () => {
    const file = join(freshFolder(), 'pid')
    const running = await start(await staged(`sleep 1000 & echo $! > ${file}; wait`))
    const child = Number(await lineIn(file))
    process.kill(-running.pid, 'SIGKILL')
    expect(await running.exit).toMatchObject({ code: null, reason: 'lost' })
    expect(isRunning(child)).toBe(false)
    expect(await adopt(running.folder)).toMatchObject({ state: 'lost' })
  })
  it('is told by the command’s own shell when only the wrapper was killed', async () => {
    const gate = join(freshFolder(), 'gate')
    const running = await start(await staged(`echo on; until [ -e ${gate} ]; do sleep 0.02; done; exit 7`))
    await lineIn(join(running.folder, 'log.txt'))
    process.kill(running.pid, 'SIGKILL')
    writeFileSync(gate, '')
    expect(await running.exit).toMatchObject({ code: 7, reason: 'exited' })
  })
})

it('a folder without a started step is one that was never started', async () => {
  const step = await staged('true')
  expect(await adopt(step.folder)).toEqual({ state: 'never-started' })
  expect(existsSync(join(step.folder, 'log.txt'))).toBe(false)
})

it('a step whose folder is gone cannot be started and says so', async () => {
  const step = await staged('true')
  await expect(start({ ...step, folder: join(step.folder, 'gone') })).rejects.toThrow(/gone/)
})

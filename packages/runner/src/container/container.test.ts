import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { engineHere, importTestImage } from '@hagane/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { adopt, collect, stage, start } from '../index.ts'
import { freshFolder, freshStore, isRunning, lineIn, logOf, planOf, runCommand, until } from '../testing/steps.ts'
import { containerName, type StepContainer } from './container-arguments.ts'
import { containerState } from './container-state.ts'

const containers = describe.skipIf(engineHere === undefined)
let container: StepContainer

/** The command has begun, and the engine knows it: one that was killed before it wrote that down cannot tell the end. */
async function running(folder: string): Promise<void> {
  await lineIn(join(folder, 'work', 'up'))
  while ((await containerState(folder)) !== 'running') await sleep(50)
}

/** Whether the engine still has the container of a step. */
const exists = (folder: string): boolean =>
  spawnSync(container.engine, ['inspect', containerName(folder)], { stdio: 'ignore' }).status === 0

containers(`a step in a container of ${engineHere ?? 'an engine, which none here answers as'}`, () => {
  beforeAll(() => {
    container = importTestImage(engineHere ?? 'podman')
  }, 120_000)

  it('sees its code, inputs, outputs and variables at the same paths, as the same user', {
    timeout: 60_000,
  }, async () => {
    const store = freshStore()
    const code = await store.tree({ 'main.sh': 'cat "$1" > "$2"; echo "$ODD"; echo "image: $FROM_IMAGE"' })
    const data = await store.tree({ 'a,b.txt': 'bytes' })
    const plan = planOf('', {
      code: { tree: code, path: '' },
      inputs: [{ name: 'in', source: { kind: 'tree', digest: data, path: 'a,b.txt' }, mode: 'ro_mount' }],
      outputs: [{ name: 'out', kind: 'file', fileName: 'copy.txt' }],
      environment: { ODD: `two\nlines $HOME 'quoted' ünï` },
      render: ({ inputs, outputs }) => `pwd; id -u; bash main.sh '${inputs.in}' '${outputs.out}'; echo to-stderr >&2`,
      container,
    })
    const exit = await (await start(await stage(plan, store))).exit
    expect(exit).toMatchObject({ code: 0, reason: 'exited' })
    const log = logOf(plan.folder).split('\n')
    expect(log.slice(0, 2)).toEqual([join(plan.folder, 'work'), String(process.getuid?.())])
    expect(logOf(plan.folder)).toContain(`two\nlines $HOME 'quoted' ünï\nimage: yes\nto-stderr\n`)
    const { outputs } = await collect(plan, store)
    expect(await store.read(outputs.out?.digest ?? '')).toEqual({ 'copy.txt': 'bytes' })
    expect(statSync(join(plan.folder, 'outputs-named', 'out', 'copy.txt')).uid).toBe(process.getuid?.())
    expect(exists(plan.folder)).toBe(false)
  })

  it('cannot write its inputs, nor see the machine, and leaves no secret on the disk', {
    timeout: 60_000,
  }, async () => {
    const shared = freshFolder()
    const secret = join(freshFolder(), 'secret.txt')
    writeFileSync(secret, 'not for steps')
    const { folder, exit, log } = await runCommand(`touch ${shared}/x; cat ${secret}; echo $TOKEN; exit 3`, {
      inputs: [{ name: 'in', source: { kind: 'path', path: shared }, mode: 'ro_mount' }],
      environment: { TOKEN: 'sesame' },
      container,
    })
    expect(exit).toMatchObject({ code: 3, reason: 'exited' })
    expect(log).toMatch(/touch: .*Read-only file system/)
    expect(log).toMatch(/cat: .*No such file or directory/)
    expect(log).toContain('sesame')
    expect(existsSync(join(folder, 'variables.sh'))).toBe(false)
    expect(readFileSync(join(folder, 'step.json'), 'utf8')).not.toContain('sesame')
  })

  it('takes a command that looks like options for what it is', { timeout: 60_000 }, async () => {
    const { exit, log } = await runCommand(`echo --privileged "$0"; true -v /:/host`, { container })
    expect(exit.code).toBe(0)
    expect(log).toContain('--privileged')
  })

  it('is ended with all its processes when it is canceled, and has time to say goodbye', {
    timeout: 60_000,
  }, async () => {
    const plan = planOf(`trap 'echo goodbye; exit 9' TERM; echo up > "$READY"; (sleep 300; true) & wait`, { container })
    const ready = join(plan.folder, 'work', 'ready')
    const step = await start(await stage({ ...plan, environment: { READY: ready } }, freshStore()))
    await lineIn(ready)
    await step.cancel(5)
    expect(await step.exit).toMatchObject({ reason: 'canceled' })
    expect(logOf(plan.folder).match(/goodbye/g)).toHaveLength(1)
    expect(exists(plan.folder)).toBe(false)
  })

  it('is killed when it does not listen', { timeout: 60_000 }, async () => {
    const plan = planOf(`trap '' TERM; echo up > "$READY"; while :; do sleep 1; done`, {
      container,
      timeoutSeconds: 600,
    })
    const ready = join(plan.folder, 'work', 'ready')
    const step = await start(await stage({ ...plan, environment: { READY: ready } }, freshStore()))
    await lineIn(ready)
    await step.cancel(0.5)
    expect(await step.exit).toMatchObject({ reason: 'canceled' })
    expect(exists(plan.folder)).toBe(false)
  })

  it.each([
    ['the server', false],
    ['the server and everything of the step on this machine', true],
  ])('goes on when %s is killed, and is adopted', { timeout: 60_000 }, async (_what, wrapperToo) => {
    const folder = join(freshFolder(), '1')
    mkdirSync(dirname(folder), { recursive: true })
    const go = join(folder, 'work', 'go')
    const command = `echo up > up; for i in $(seq 600); do [ -e ${go} ] && break; sleep 0.1; done; echo done; exit 5`
    const server = spawn(
      process.execPath,
      [serverFile, freshFolder(), folder, command, '', JSON.stringify(container)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await running(folder)
    server.kill('SIGKILL')
    await once(server, 'exit')
    const leader = Number.parseInt(readFileSync(join(folder, 'started'), 'utf8'), 10)
    if (wrapperToo) process.kill(-leader, 'SIGKILL')
    if (wrapperToo) await until(() => !isRunning(leader))
    const found = await adopt(folder)
    expect(found.state).toBe('running')
    if (found.state !== 'running') return
    writeFileSync(go, '')
    expect(await found.step.exit).toMatchObject({ code: 5, reason: 'exited' })
    expect(logOf(folder)).toBe('done\n')
    expect(exists(folder)).toBe(false)
  })

  it('tells the exit code when it ended while nobody looked', { timeout: 60_000 }, async () => {
    const folder = join(freshFolder(), '1')
    const command = 'echo up > up; for i in $(seq 600); do [ -e go ] && break; sleep 0.1; done; exit 6'
    const server = spawn(
      process.execPath,
      [serverFile, freshFolder(), folder, command, '', JSON.stringify(container)],
      {
        stdio: 'ignore',
      },
    )
    await running(folder)
    server.kill('SIGKILL')
    process.kill(-Number.parseInt(readFileSync(join(folder, 'started'), 'utf8'), 10), 'SIGKILL')
    writeFileSync(join(folder, 'work', 'go'), '')
    spawnSync(container.engine, ['wait', containerName(folder)])
    expect(await adopt(folder)).toMatchObject({ state: 'exited', exit: { code: 6, reason: 'exited' } })
    expect(exists(folder)).toBe(false)
  })

  it('says in the words of the engine why it could not begin', { timeout: 60_000 }, async () => {
    const { exit, log } = await runCommand('true', { container: { ...container, image: 'f'.repeat(64) } })
    expect(exit.code).not.toBe(0)
    expect(exit.engine).toMatch(/image|no such/i)
    expect(log).toContain(exit.engine ?? 'the words of the engine')
  })
})

const serverFile = fileURLToPath(new URL('../testing/start-and-wait.ts', import.meta.url))

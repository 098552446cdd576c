import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { adopt, collect, stage, start } from './index.ts'
import { folderStore } from './testing/folder-store.ts'
import { freshFolder, freshStore, isRunning, lineIn, logOf, planOf, staged, until } from './testing/steps.ts'

const helper = fileURLToPath(new URL('testing/start-and-wait.ts', import.meta.url))

interface Server {
  process: ChildProcess
  folder: string
  root: string
  /** pid of the step's wrapper */
  pid: Promise<number>
}

function serverThatStarts(command: string, path?: string): Server {
  const root = freshFolder()
  const folder = join(root, 'jobs', '1')
  const child = spawn(process.execPath, [helper, root, folder, command, ...(path === undefined ? [] : [path])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = once(child.stdout, 'data').then(([chunk]) => Number(String(chunk)))
  return { process: child, folder, root, pid }
}

async function killed(server: Server): Promise<void> {
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
}

describe('after a SIGKILL of the server', () => {
  it('a running step is adopted: the command ran once, the log is whole, the exit code right', async () => {
    const gate = join(freshFolder(), 'gate')
    const body = `echo first; until [ -e ${gate} ]; do echo tick; sleep 0.02; done; echo last; exit 42`
    const server = serverThatStarts(body)
    const pid = await server.pid
    await killed(server)
    const found = await adopt(server.folder)
    if (found.state !== 'running') throw new Error(`the step is ${found.state}`)
    expect(found.step.pid).toBe(pid)
    writeFileSync(gate, '')
    expect(await found.step.exit).toMatchObject({ code: 42, reason: 'exited', startedAt: found.step.startedAt })
    const lines = logOf(server.folder).trimEnd().split('\n')
    expect(lines.filter(line => line !== 'tick')).toEqual(['first', 'last'])
    expect(lines[0]).toBe('first')
  })

  it('a step that ended meanwhile is found ended, with outputs to collect', async () => {
    const server = serverThatStarts('sleep 0.3; echo 1 > outputs/a.txt; echo 2 > ../outputs-named/out/b.txt; exit 0')
    await server.pid
    await killed(server)
    await lineIn(join(server.folder, 'exit.json'))
    expect(await adopt(server.folder)).toMatchObject({ state: 'exited', exit: { code: 0, reason: 'exited' } })
    const store = folderStore(server.root)
    const { outputs } = await collect(server.folder, store)
    expect(await store.read(outputs.out?.digest ?? '')).toEqual({ 'b.txt': '2\n' })
  })

  it('an adopted step can be canceled, and a second adopter hears of it too', async () => {
    const server = serverThatStarts('echo ready; sleep 1000')
    await server.pid
    await killed(server)
    const [first, second] = [await adopt(server.folder), await adopt(server.folder)]
    if (first.state !== 'running' || second.state !== 'running') throw new Error('the step does not run')
    await first.step.cancel()
    expect(await first.step.exit).toMatchObject({ code: 143, reason: 'canceled' })
    expect(await second.step.exit).toEqual(await first.step.exit)
  })

  it('a start of the same folder by the next server does not run the command again', async () => {
    const server = serverThatStarts('echo ran; sleep 0.3; exit 3')
    await server.pid
    await killed(server)
    const places = { name: 'crash', folder: server.folder, paths: { inputs: {}, outputs: {} }, environment: {} }
    const running = await start({ ...places, command: 'echo again' })
    expect(await running.exit).toMatchObject({ code: 3 })
    expect(logOf(server.folder)).toBe('ran\n')
  })

  it('a step that was killed with it between marker and command never ran, and is started again', async () => {
    const bin = join(freshFolder(), 'bin')
    mkdirSync(bin)
    // stands where the command's bash would start, and never starts it
    writeFileSync(join(bin, 'bash'), `#!/bin/sh\necho $$ > ${bin}/waiting\nexec /bin/sleep 1000\n`)
    chmodSync(join(bin, 'bash'), 0o755)
    const server = serverThatStarts('echo ran', `${bin}:/usr/bin:/bin`)
    const pid = await server.pid
    const between = Number(await lineIn(join(bin, 'waiting')))
    await killed(server)
    process.kill(-pid, 'SIGKILL')
    await until(() => !isRunning(pid))
    const found = await adopt(server.folder)
    expect(found).toEqual({ state: 'never-started' })
    expect(isRunning(between)).toBe(false)
    expect(logOf(server.folder)).toBe('')
    const again = await stage(planOf('echo ran', { folder: server.folder }), freshStore())
    expect(await (await start(again)).exit).toMatchObject({ code: 0, reason: 'exited' })
    expect(logOf(server.folder)).toBe('ran\n')
  })

  it('a step whose wrapper was killed too goes on, and its own shell tells how it ended', async () => {
    const gate = join(freshFolder(), 'gate')
    const server = serverThatStarts(`echo first; until [ -e ${gate} ]; do sleep 0.02; done; echo last; exit 42`)
    const pid = await server.pid
    await lineIn(join(server.folder, 'log.txt'))
    await killed(server)
    process.kill(pid, 'SIGKILL')
    await until(() => !isRunning(pid))
    const found = await adopt(server.folder)
    if (found.state !== 'running') throw new Error(`the step is ${found.state}`)
    writeFileSync(gate, '')
    expect(await found.step.exit).toMatchObject({ code: 42, reason: 'exited', startedAt: found.step.startedAt })
    expect(logOf(server.folder)).toBe('first\nlast\n')
    expect(await adopt(server.folder)).toMatchObject({ state: 'exited', exit: { code: 42 } })
  })

  it('a step whose wrapper is killed after it was adopted goes on too', async () => {
    const gate = join(freshFolder(), 'gate')
    const server = serverThatStarts(`echo first; until [ -e ${gate} ]; do sleep 0.02; done; echo last; exit 42`)
    const pid = await server.pid
    await lineIn(join(server.folder, 'log.txt'))
    await killed(server)
    const found = await adopt(server.folder)
    if (found.state !== 'running') throw new Error(`the step is ${found.state}`)
    process.kill(pid, 'SIGKILL')
    await until(() => !isRunning(pid))
    await Promise.race([found.step.exit, sleep(300)])
    writeFileSync(gate, '')
    expect(await found.step.exit).toMatchObject({ code: 42, reason: 'exited', startedAt: found.step.startedAt })
    expect(logOf(server.folder)).toBe('first\nlast\n')
  })

  it('a step whose wrapper was killed too can be canceled', async () => {
    const server = serverThatStarts('echo first; sleep 1000')
    const pid = await server.pid
    await lineIn(join(server.folder, 'log.txt'))
    await killed(server)
    process.kill(pid, 'SIGKILL')
    await until(() => !isRunning(pid))
    const found = await adopt(server.folder)
    if (found.state !== 'running') throw new Error(`the step is ${found.state}`)
    await found.step.cancel()
    expect(await found.step.exit).toMatchObject({ reason: 'canceled' })
  })

  it('a step of which everything was killed is lost, and is not run again', async () => {
    const server = serverThatStarts('echo first; exec sleep 1000')
    const pid = await server.pid
    await lineIn(join(server.folder, 'log.txt'))
    await killed(server)
    const command = Number.parseInt(readFileSync(join(server.folder, 'begun'), 'utf8'), 10)
    process.kill(-pid, 'SIGKILL')
    await until(() => !isRunning(pid) && !isRunning(command))
    const found = await adopt(server.folder)
    expect(found).toMatchObject({ state: 'lost', reason: expect.stringContaining('without reporting') })
    await expect(stage(planOf('true', { folder: server.folder }), freshStore())).rejects.toMatchObject({
      kind: 'conflict',
    })
  })

  it('servers that start the same folder at once run the command once', async () => {
    const step = await staged('echo ran; sleep 0.2; exit 8')
    const script = `import { start } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
      const step = await start(JSON.parse(process.argv[1]))
      console.log(step.pid, (await step.exit).code)`
    const servers = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(step)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    )
    const said = await Promise.all(servers.map(async server => String((await once(server.stdout, 'data'))[0])))
    expect(new Set(said).size).toBe(1)
    expect(said[0]).toMatch(/^\d+ 8\n$/)
    expect(logOf(step.folder)).toBe('ran\n')
  })
})

describe('a marker', () => {
  it('whose owner never wrote its name is of a step that never began', async () => {
    const step = await staged('true')
    writeFileSync(join(step.folder, 'started'), '')
    expect(await adopt(step.folder)).toEqual({ state: 'never-started' })
  })
  it('of another boot, or of a pid that belongs to somebody else now, is a lost step and nobody is killed', async () => {
    const bystander = await start(await staged('sleep 1000'))
    const [pid, boot, stat] = readFileSync(join(bystander.folder, 'started'), 'utf8').split('\t')
    for (const line of [`${pid}\t0000-other-boot\t${stat}`, `${pid}\t${boot}\t${pid} (sh) S ${'1 '.repeat(48)}\n`]) {
      const step = await staged('true')
      writeFileSync(join(step.folder, 'started'), line)
      writeFileSync(join(step.folder, 'begun'), line)
      expect(await adopt(step.folder)).toMatchObject({ state: 'lost' })
    }
    expect(isRunning(bystander.pid)).toBe(true)
    await bystander.cancel(0)
  })
})

it('half an exit record is not believed', async () => {
  const step = await staged('true')
  await (await start(step)).exit
  writeFileSync(join(step.folder, 'exit.json'), '{"code":1')
  writeFileSync(join(step.folder, 'ended'), '{"code":2')
  expect(await adopt(step.folder)).toMatchObject({ state: 'lost' })
})

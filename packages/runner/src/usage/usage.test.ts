import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { clean, type RunningStep, start, usageOf } from '../index.ts'
import { freshFolder, lineIn, logOf, runCommand, staged, until } from '../testing/steps.ts'
import { buildGpus, parseGpus, readTraffic } from './machine.ts'
import { parsePsUse, processUses } from './process-uses.ts'
import { buildSampler, meanOf, type Sampler, type UsagePoint } from './sampler.ts'
import type { Reading } from './step-meter.ts'

const MB = 1e6
const failed = (error: unknown): never => {
  throw error
}

/** Looks at a running step once and answers what was told. */
async function lookOnce(sampler: Sampler, step: RunningStep, silent = false): Promise<UsagePoint[]> {
  const told: UsagePoint[] = []
  const measuring = sampler.measure(step, async points => void told.push(...points), failed)
  if (silent) measuring.silence()
  await measuring.end()
  return told
}

const started = async (command: string): Promise<RunningStep> => {
  const step = await start(await staged(command))
  await until(() => logOf(step.folder).includes('ready'))
  return step
}
const holds = (megabytes: number): string =>
  `python3 -c "b = bytearray(${megabytes} * 10**6); print('ready', flush=True); import time; time.sleep(1000)"`

describe('what a step uses', () => {
  it('is that of all its processes, also of one that left group and family, and of no other step', async () => {
    const folder = freshFolder()
    const daemon = `python3 -c "import os,sys,time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
b = bytearray(80 * 10**6)
open(sys.argv[1], 'w').write('%d\\n' % os.getpid())
time.sleep(1000)" ${folder}/daemon`
    const large = await start(await staged(`${holds(120)} & ${daemon}; wait`))
    const small = await started('echo ready; sleep 1000')
    await until(() => logOf(large.folder).includes('ready'))
    await lineIn(join(folder, 'daemon'))
    const sampler = buildSampler()
    const told = (await Promise.all([lookOnce(sampler, large), lookOnce(sampler, small)])).map(points => points[0])
    const [first, second] = told.map(point => point?.values['system/system_memory_usage_megabytes'] ?? 0)
    expect(first).toBeGreaterThan(200)
    expect(first).toBeLessThan(400)
    expect(second).toBeLessThan(40)
    expect(usageOf(large.folder).peak_memory_bytes).toBeGreaterThan(200 * MB)
    expect(told[0]?.values).toMatchObject({
      'system/disk_usage_percentage': expect.any(Number),
      'system/disk_available_megabytes': expect.any(Number),
      'system/system_memory_usage_percentage': expect.any(Number),
    })
    for (const step of [large, small]) await step.cancel(1)
  })

  it('goes on after a restart: points are counted further, the peak stays, processor time does not begin anew', async () => {
    const gate = join(freshFolder(), 'gate')
    const step = await started(
      `python3 -c "
import os, time
b = bytearray(150 * 10**6)
while time.process_time() < 0.5: pass
print('ready', flush=True)
while not os.path.exists('${gate}'): time.sleep(0.01)
del b
open('${gate}.freed', 'w').write('freed\\n')
time.sleep(1000)"`,
    )
    const before = await lookOnce(buildSampler(), step)
    expect(before.map(point => point.step)).toEqual([0])
    const peak = usageOf(step.folder).peak_memory_bytes ?? 0
    writeFileSync(gate, '')
    await lineIn(`${gate}.freed`)
    const after = await lookOnce(buildSampler(), step)
    expect(after.map(point => point.step)).toEqual([1])
    expect(after[0]?.values['system/system_memory_usage_megabytes']).toBeLessThan(100)
    expect(usageOf(step.folder).peak_memory_bytes).toBeGreaterThanOrEqual(peak)
    // where the kernel counts in ticks, user and system time can each be told one less
    expect(usageOf(step.folder).cpu_seconds).toBeGreaterThanOrEqual(0.4)
    await step.cancel(1)
  })

  it('is kept in silence where a client measures itself, also after a restart', async () => {
    const step = await started(holds(60))
    expect(await lookOnce(buildSampler(), step, true)).toEqual([])
    expect(await lookOnce(buildSampler(), step)).toEqual([])
    expect(usageOf(step.folder).peak_memory_bytes).toBeGreaterThan(60 * MB)
    await step.cancel(1)
  })

  it('is silent from the word on: a kill right after it changes nothing', async () => {
    const step = await started(holds(1))
    const killed = buildSampler().measure(step, async () => undefined, failed)
    killed.silence()
    expect(await lookOnce(buildSampler(), step)).toEqual([])
    await killed.end()
    await step.cancel(1)
  })

  it('is told as processor time also of a step that was over before anybody looked, and is kept by a clean', async () => {
    const { folder, exit } = await runCommand(
      'python3 -c "import time\nwhile time.process_time() < 0.3: pass" & wait; exit 4',
    )
    expect(exit.code).toBe(4)
    expect(usageOf(folder).cpu_seconds).toBeGreaterThanOrEqual(0.2)
    expect(usageOf(folder)).not.toHaveProperty('peak_memory_bytes')
    await clean(folder)
    expect(usageOf(folder).cpu_seconds).toBeGreaterThanOrEqual(0.2)
  })

  it('is nothing where there is no record, or half of one', async () => {
    const folder = freshFolder()
    expect(usageOf(folder)).toEqual({})
    writeFileSync(join(folder, 'usage.json'), '{"peak_mem')
    writeFileSync(join(folder, 'times'), '0m0.00s 0m0')
    expect(usageOf(folder)).toEqual({})
  })
})

describe('the process table', () => {
  it('tells the same of a process by ps and by /proc', async () => {
    const step = await started(holds(90))
    const sources = existsSync('/proc/self/stat') ? (['ps', 'proc'] as const) : (['ps'] as const)
    for (const source of sources) {
      const group = (await processUses(source)).filter(use => use.group === step.pid)
      expect(group.map(use => use.memoryBytes).reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(90 * MB)
      expect(group.find(use => use.pid === step.pid)?.parent).toBe(process.pid)
    }
    await step.cancel(1)
  })
  it('reads the times of ps with days and hours', () => {
    expect(parsePsUse(' 12 1 12 2048 2-03:04:05 Wed Nov 25 10:00:00 2026')).toMatchObject({
      cpuSeconds: ((2 * 24 + 3) * 60 + 4) * 60 + 5,
      memoryBytes: 2048 * 1024,
      start: 'Wed Nov 25 10:00:00 2026',
    })
    expect(parsePsUse(' 12 1 12 2048 1:02.50 Wed Nov 25 10:00:00 2026')?.cpuSeconds).toBe(62.5)
  })
})

describe('the machine', () => {
  const csv = '0, 35, 1024, 16384, 71.30\n1, 0, 3, 16384, [N/A]\n'
  it('names what its GPUs do as MLflow does, without what a device does not tell', () => {
    expect(parseGpus(csv)).toEqual({
      'system/gpu_0_utilization_percentage': 35,
      'system/gpu_0_memory_usage_megabytes': 1073.741824,
      'system/gpu_0_memory_usage_percentage': 6.25,
      'system/gpu_0_power_usage_watts': 71.3,
      'system/gpu_1_utilization_percentage': 0,
      'system/gpu_1_memory_usage_megabytes': 3.145728,
      'system/gpu_1_memory_usage_percentage': (100 * 3) / 16384,
    })
    expect(parseGpus('No devices were found\n')).toEqual({})
  })
  it('asks the program that tells of GPUs; where there is none there are no GPUs', async () => {
    const folder = freshFolder()
    const program = join(folder, 'smi')
    writeFileSync(program, `#!/bin/sh\necho "$@" > ${folder}/asked\nprintf '${csv.replaceAll('\n', '\\n')}'\n`)
    chmodSync(program, 0o755)
    const gpus = buildGpus(program)
    expect(gpus.latest()).toEqual({})
    gpus.refresh()
    await until(() => 'system/gpu_1_utilization_percentage' in gpus.latest())
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toContain('--query-gpu=index,utilization.gpu')
    rmSync(program)
    gpus.refresh()
    await until(() => Object.keys(gpus.latest()).length === 0)
  })
  it('counts traffic without loopback', () => {
    const file = join(freshFolder(), 'dev')
    const line = (name: string, received: number, sent: number) =>
      `${name}: ${received} 1 0 0 0 0 0 0 ${sent} 1 0 0 0 0 0 0`
    writeFileSync(
      file,
      `Inter-|   Receive\n face |bytes\n    ${line('lo', 900, 900)}\n  ${line('eth0', 5, 7)}\nwlan0:${line('', 1, 2).slice(1)}\n`,
    )
    expect(readTraffic(file)).toEqual({ received: 6, sent: 9 })
    expect(readTraffic(join(freshFolder(), 'none'))).toBeUndefined()
  })
})

it('the mean of readings is over those that have the value, at the time of the last', () => {
  const readings: Reading[] = [
    { at: 1, values: { memory: 10 } },
    { at: 2, values: { memory: 20, cpu: 5 } },
  ]
  expect(meanOf(readings)).toEqual({ at: 2, values: { memory: 15, cpu: 5 } })
})

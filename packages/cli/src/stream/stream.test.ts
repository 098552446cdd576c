import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { contractServer } from '../testing/contract-server.ts'
import { jobOf, MemoryJobs } from '../testing/memory-jobs.ts'
import { runCli } from '../testing/run-cli.ts'
import { PrefixedLines } from './prefixed-lines.ts'
import { serverSentEvents } from './server-sent-events.ts'

async function stream(jobs: MemoryJobs, name: string, options: Parameters<typeof runCli>[1] = {}) {
  await using server = await contractServer(...jobs.routes)
  return await runCli(['job', 'stream', '-n', name], { ...options, env: { HAGANE_URL: server.url } })
}

describe('streaming a command job', () => {
  it('prints the whole log as it grows, then a summary', async () => {
    const jobs = new MemoryJobs()
    jobs.set(jobOf({ name: 'a', start_time: '2026-11-23T10:00:00.000Z', end_time: '2026-11-23T10:00:12.340Z' }))
    jobs.write('a', 'first line\n')
    jobs.onShow = asked => {
      if (asked === 2) jobs.write('a', 'second: 日本語\n')
      if (asked === 3) {
        jobs.write('a', 'last words')
        jobs.change('a', { status: 'Completed' })
      }
    }
    expect(await stream(jobs, 'a')).toEqual({
      code: 0,
      err: '',
      out: `RunId: a
Web View: http://studio/jobs/a

Streaming user_logs/std_log.txt
===============================

first line
second: 日本語
last words
Execution Summary
=================
RunId: a
Web View: http://studio/jobs/a
Status: Completed in 12.3 s
`,
    })
  })

  it('ends with 1 when the job failed, shows its last words and where the rest is', async () => {
    const jobs = new MemoryJobs()
    const error = {
      message: 'the command ended with exit code 3',
      exit_code: 3,
      log_tail: ['Traceback', 'ValueError: x'],
    }
    jobs.set(jobOf({ name: 'a', status: 'Failed', error }))
    const { code, err, out } = await stream(jobs, 'a')
    expect(code).toBe(1)
    expect(out).toContain('Status: Failed')
    expect(err).toBe(`error: a failed: the command ended with exit code 3
  last lines of the log of a:
  Traceback
  ValueError: x
  whole log: hagane job stream -n a
`)
  })

  it('ends with 1 when the job was canceled', async () => {
    const jobs = new MemoryJobs()
    jobs.set(jobOf({ name: 'a', status: 'Canceled' }))
    expect(await stream(jobs, 'a')).toMatchObject({ code: 1, err: 'error: a was canceled\n' })
  })

  it('leaves the job running at Ctrl-C and says so', async () => {
    const jobs = new MemoryJobs()
    jobs.set(jobOf({ name: 'a' }))
    let interrupt: () => void = () => undefined
    jobs.onShow = asked => {
      if (asked === 3) interrupt()
    }
    const ran = await stream(jobs, 'a', { onStart: act => (interrupt = act) })
    expect(ran.code).toBe(130)
    expect(ran.err).toContain('a goes on. Watch it with: hagane job stream -n a')
    expect(jobs.get('a').status).toBe('Running')
  })

  it('goes on where it was when the server was away for a moment', async () => {
    const jobs = new MemoryJobs()
    jobs.set(jobOf({ name: 'a' }))
    jobs.write('a', 'before\n')
    let broken = false
    await using server = await contractServer(
      {
        ...(jobs.routes.find(route => route.declaration.operationId === 'jobs.log') as (typeof jobs.routes)[number]),
        handle: async (asked, response) => {
          const offset = Number(asked.query.offset)
          if (offset > 0 && !broken) {
            broken = true
            jobs.write('a', 'after\n')
            jobs.change('a', { status: 'Completed' })
            return void response.destroy()
          }
          return Buffer.from(jobs.logs.get('a') ?? '').subarray(offset)
        },
      },
      ...jobs.routes,
    )
    const ran = await runCli(['job', 'stream', '-n', 'a'], { env: { HAGANE_URL: server.url } })
    expect(ran).toMatchObject({ code: 0, err: 'the server does not answer; trying again\n' })
    expect(ran.out).toContain('before\nafter\n\nExecution Summary')
  })
})

describe('streaming a pipeline', () => {
  function pipeline(): MemoryJobs {
    const jobs = new MemoryJobs()
    jobs.set(jobOf({ name: 'p', type: 'pipeline' }))
    jobs.set(jobOf({ name: 's2', parent_job_name: 'p', step: 'train', status: 'NotStarted' }))
    jobs.set(jobOf({ name: 's1', parent_job_name: 'p', step: 'prep' }))
    jobs.write('s1', 'loading\rloading 50%\rloaded\n')
    return jobs
  }
  const withoutTimes = (out: string) => out.replaceAll(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\]/gm, '[time]')

  it('tells each change of a step and prefixes the log of each', async () => {
    const jobs = pipeline()
    jobs.onShow = asked => {
      if (asked === 3) {
        jobs.change('s1', { status: 'Completed' })
        jobs.change('s2', { status: 'Running' })
        jobs.write('s2', 'epoch 1\nno line break at the end')
      }
      if (asked === 4) {
        jobs.change('s2', { status: 'Completed' })
        jobs.change('p', { status: 'Completed' })
      }
    }
    const { code, out } = await stream(jobs, 'p')
    expect(code).toBe(0)
    expect(withoutTimes(out)).toContain(`[prep] loaded
[time] prep  Running
[time] train  NotStarted
[time] prep  Completed
[train] epoch 1
[time] train  Running
[train] no line break at the end
[time] train  Completed

Execution Summary
`)
  })

  it('draws one tree over and over on a terminal, and leaves the last one', async () => {
    const jobs = pipeline()
    jobs.onShow = asked => {
      if (asked === 3) {
        jobs.change('s1', { status: 'Completed' })
        jobs.change('s2', { status: 'Completed' })
        jobs.change('p', { status: 'Completed' })
      }
    }
    const { code, out } = await stream(jobs, 'p', { terminal: true })
    expect(code).toBe(0)
    const [, before, after] = out.split('\u001b[?7l').map(drawing => stripVTControlCharacters(drawing))
    expect(before).toMatch(/^● p {2}Running {2}0 of 2 done\n├─ ● prep {2}Running\n└─ ○ train {2}NotStarted\n/)
    expect(after).toMatch(/^✓ p {2}Completed {2}2 of 2 done\n├─ ✓ prep {2}Completed\n└─ ✓ train {2}Completed\n/)
  })

  it('shows the value of each trial of a sweep in the tree, and the best so far', async () => {
    const jobs = new MemoryJobs()
    jobs.set(jobOf({ name: 's', type: 'sweep', status: 'Completed' }))
    const values = [0.5, 0.25, 0.1, undefined]
    const statuses = ['Completed', 'Completed', 'Failed', 'Canceled'] as const
    const trials = statuses.map((status, number) => {
      const value = values[number]
      const stopped = status === 'Canceled' ? { stopped: 'bandit' } : {}
      const trial = { name: `t${number}`, number, status, parameters: {}, intervals: 1, ...stopped }
      return value === undefined ? trial : { ...trial, value }
    })
    for (const { name, status } of trials.toReversed())
      jobs.set(jobOf({ name, parent_job_name: 's', step: name, status }))
    jobs.trials.set('s', trials)
    const { out } = await stream(jobs, 's', { terminal: true })
    const shown = stripVTControlCharacters(out)
    expect(shown).toMatch(/t0 +Completed +value=0\.5\n/)
    expect(shown).toMatch(/t1 +Completed +value=0\.25 \(best so far\)\n/)
    expect(shown).toMatch(/t2 +Failed +value=0\.1\n/)
    expect(shown).toMatch(/t3 +Canceled +bandit\n/)
  })

  it('says which step was reused, and does not print its log', async () => {
    const jobs = pipeline()
    jobs.change('s1', { status: 'Completed', reuse: { key: 'k', from: 'old_1' } })
    jobs.change('s2', { status: 'Completed' })
    jobs.change('p', { status: 'Completed' })
    const { out } = await stream(jobs, 'p')
    expect(out).toContain('prep  Completed (reused old_1)')
    expect(out).not.toContain('loaded')
  })

  it('names the failed step, the end of its log and where the rest is', async () => {
    const jobs = pipeline()
    jobs.change('s1', { status: 'Failed', error: { message: 'exit code 1', log_tail: ['boom'] } })
    jobs.change('s2', { status: 'Canceled' })
    jobs.change('p', { status: 'Failed', error: { message: 'step prep failed' } })
    const { code, err } = await stream(jobs, 'p')
    expect(code).toBe(1)
    expect(err).toBe(`error: p failed: step prep failed
  step prep (s1): exit code 1
  last lines of the log of prep:
  boom
  whole log: hagane job stream -n s1
`)
  })

  it('follows the steps of pipelines inside it', async () => {
    const jobs = pipeline()
    jobs.change('s2', { type: 'pipeline', status: 'Completed' })
    jobs.set(jobOf({ name: 'inner', parent_job_name: 's2', step: 'fit', status: 'Completed' }))
    jobs.write('inner', 'fitted\n')
    jobs.change('s1', { status: 'Completed' })
    jobs.change('p', { status: 'Completed' })
    expect((await stream(jobs, 'p')).out).toContain('[train/fit] fitted\n')
  })
})

describe('prefixed lines', () => {
  it('come whole, whatever the pieces', () => {
    const lines = new PrefixedLines('[s] ')
    expect(lines.take('a')).toBe('')
    expect(lines.take('b\nc\r\nd')).toBe('[s] ab\n[s] c\n')
    expect(lines.rest()).toBe('[s] d\n')
    expect(lines.rest()).toBe('')
  })
})

describe('server-sent events', () => {
  async function read(...chunks: string[]) {
    const bytes = (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk)
    })()
    const events = []
    for await (const event of serverSentEvents(bytes)) events.push(event)
    return events
  }

  it('are cut at blank lines, across chunks, without comments', async () => {
    expect(await read(': hello\n\nid: 1\nda', 'ta: {"a":1}\n\n', 'id: 2\r\ndata: x\r\ndata: y\r\n\r\n')).toEqual([
      { id: '1', data: '{"a":1}' },
      { id: '2', data: 'x\ny' },
    ])
  })

  it('drop a message that never ended', async () => {
    expect(await read('data: half')).toEqual([])
  })
})

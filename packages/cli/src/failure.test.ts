import { HaganeError } from '@hagane/contract'
import { expect, it } from 'vitest'
import { reportFailure } from './failure.ts'
import { UsageError } from './grammar/usage-error.ts'
import { collector, surroundingsOf } from './testing/run-cli.ts'

function report(error: unknown, debug = false) {
  const stderr = collector()
  const code = reportFailure(error, debug, surroundingsOf({}, collector(), stderr))
  return { code, text: stderr.text }
}

it('prints message, each detail with its place, hint and request id', () => {
  const error = new HaganeError('invalid', 'the job has 2 problems', {
    hint: 'correct the file',
    details: [
      {
        file: 'job.yml',
        line: 4,
        column: 3,
        property: 'inputs.lr',
        message: 'expected number',
        sent: 'x',
        allowed: [1, 2],
      },
      { message: 'another', hint: 'own hint' },
    ],
  })
  error.requestId = '01J'
  expect(report(error)).toEqual({
    code: 1,
    text: `error: the job has 2 problems
  job.yml:4:3  inputs.lr  expected number (sent x, allowed 1 | 2)
  another
    hint: own hint
hint: correct the file
request id: 01J
`,
  })
})

it('does not repeat the only detail when it says no more than the message', () => {
  const error = new HaganeError('invalid', 'job.yml:4: expected number', {
    details: [{ file: 'job.yml', line: 4, message: 'expected number' }],
  })
  expect(report(error).text).toBe('error: job.yml:4: expected number\n')
})

it('shows files below the working folder by their relative path', () => {
  const stderr = collector()
  const surroundings = surroundingsOf({ cwd: '/jobs/flights' }, collector(), stderr)
  reportFailure(
    new HaganeError('invalid', '/jobs/flights/job.yml:1: bad, unlike /jobs/flights2/x'),
    false,
    surroundings,
  )
  expect(stderr.text).toBe('error: job.yml:1: bad, unlike /jobs/flights2/x\n')
})

it('answers 2 for a command line that makes no sense', () => {
  expect(report(new UsageError('no', 'do'))).toEqual({ code: 2, text: 'error: no\nhint: do\n' })
})

it('answers 3 when no server answers, and 1 when a server says it is not ready', () => {
  expect(report(new HaganeError('unavailable', 'no answer', { cause: new Error('refused') })).code).toBe(3)
  expect(report(new HaganeError('unavailable', 'starting')).code).toBe(1)
})

it('shows a stack trace only with --debug, and says how to get it', () => {
  const error = new TypeError('broken', { cause: new Error('the reason') })
  expect(report(error).text).toMatch(/^error: broken\nhint: .*--debug/)
  expect(report(error, true).text).toMatch(/at .*failure\.test\.ts[\s\S]*caused by Error: the reason/)
})

it('takes control sequences out of what a server sent', () => {
  expect(report(new HaganeError('invalid', 'a\u001b[2Jb\u0007')).text).toBe('error: ab\n')
})

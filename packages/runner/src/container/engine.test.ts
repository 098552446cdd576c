import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freshFolder, isRunning, lineIn, until } from '../testing/steps.ts'
import { askEngine } from './engine.ts'

const ask = (script: string, signal?: AbortSignal) =>
  askEngine('/bin/sh', ['-c', script], { PATH: process.env.PATH ?? '' }, signal)

it('an answer comes with its code, its text and what was said beside it', async () => {
  expect(await ask("printf 'ü\\n'; echo no >&2; exit 3")).toEqual({ code: 3, stdout: 'ü\n', words: 'no' })
  expect(await askEngine('/no/such/engine', [], {})).toMatchObject({
    code: 127,
    words: expect.stringMatching(/ENOENT/),
  })
})

it('letters that arrive in two parts stay letters', async () => {
  const script = "printf '\\303'; sleep 0.2; printf '\\274'"
  expect((await ask(script)).stdout).toBe('ü')
})

it('a question that is given up ends with its process, also when that was before it was asked', async () => {
  const pid = join(freshFolder(), 'pid')
  const abort = new AbortController()
  const asked = ask(`echo $$ > ${pid}; exec sleep 1000`, abort.signal)
  await lineIn(pid)
  abort.abort()
  expect((await asked).code).toBe(127)
  await until(() => !isRunning(Number(readFileSync(pid, 'utf8'))))
  expect((await ask('exec sleep 1000', AbortSignal.abort())).code).toBe(127)
})

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectsNothing, exchangeFrame, headerFrame, liveRevision } from '@hagane/testkit'
import { expect, it } from 'vitest'
import { openReader, runTabular } from './run-tabular.ts'
import { csv } from './testing/laid-out.ts'

it('answers from a process of its own', async () => {
  expect(await runTabular({ kind: 'profile', source: csv('x\n1\n2\n') })).toMatchObject({ rows: 2 })
})

it('gives what the reader found wrong, without where the files lie', async () => {
  const source = csv('nonsense', 'a.parquet')
  const failure = await runTabular({ kind: 'profile', source }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ kind: 'invalid' })
  expect((failure as Error).message).not.toContain(source.root)
})

it('ends with the signal', async () => {
  const request = { kind: 'profile', source: csv('x\n1\n') } as const
  await expect(runTabular(request, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
})

it('works in little memory, out of core', async () => {
  const lines = Array.from({ length: 200_000 }, (_, i) => `${i},${'x'.repeat(40)}${i}`).join('\n')
  const source = csv(`a,b\n${lines}\n`)
  expect(await runTabular({ kind: 'profile', source }, { memory: '64MB' })).toMatchObject({ rows: 200_000 })
})

it('answers several requests from one process, and takes captures apart once', async () => {
  const source = csv('x\n1\n')
  const capture = join(source.root, 'one.capture')
  const plan = { ...collectsNothing, collections: { model_inputs: 1 } }
  writeFileSync(
    capture,
    Buffer.concat([
      headerFrame('x', liveRevision, plan),
      exchangeFrame(liveRevision, { n: 1, request: [{ x: 1 }], answer: [2] }),
    ]),
  )
  const sources = {
    ...{ workspace: 'default', endpoint: 'e', root: source.root, redactionKey: 'k' },
    ...{ parquet: [], captures: [capture] },
  }
  await using reader = openReader()
  const laidOut = (name: string) =>
    reader.ask({
      ...{ kind: 'window-table', sources, filter: {} },
      output: { folder: source.root, path: join(source.root, name) },
    })
  expect(await laidOut('a.parquet')).toMatchObject({ rows: 1 })
  const { pid } = reader
  await expect(reader.ask({ kind: 'profile', source: csv('nonsense', 'a.parquet') })).rejects.toMatchObject({
    kind: 'invalid',
  })
  rmSync(capture)
  expect(await laidOut('b.parquet')).toMatchObject({ rows: 1 })
  expect(reader.pid).toBe(pid)
})

it('says so when its process is killed, and answers the next request from a new one', async () => {
  await using reader = openReader()
  const request = { kind: 'profile', source: csv('x\n1\n') } as const
  await reader.ask(request)
  const killed = reader.pid as number
  process.kill(killed, 'SIGKILL')
  await expect(reader.ask(request)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('SIGKILL'),
  })
  expect(await reader.ask(request)).toMatchObject({ rows: 1 })
  expect(reader.pid).not.toBe(killed)
})

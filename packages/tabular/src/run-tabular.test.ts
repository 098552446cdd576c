import { expect, it } from 'vitest'
import { runTabular } from './run-tabular.ts'
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

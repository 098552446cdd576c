import { createInterface } from 'node:readline'
import { HaganeError } from '@hagane/contract'
import { openKept } from './kept.ts'
import type { TabularRequest } from './requests.ts'
import { runHere } from './run-here.ts'

/** A request on each line of standard input, an answer on a line of standard output, one after the other until the input ends. */
await using kept = await openKept()
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }))
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`)

async function answer(line: string): Promise<object> {
  try {
    return { result: await runHere(JSON.parse(line) as TabularRequest, { kept }) }
  } catch (error) {
    const { kind, message, hint, details } =
      error instanceof HaganeError ? error : new HaganeError('internal', (error as Error).message)
    return { error: { kind, message, hint, details } }
  }
}

import { text } from 'node:stream/consumers'
import { HaganeError } from '@hagane/contract'
import type { TabularRequest } from './requests.ts'
import { runHere } from './run-here.ts'

/** One request on standard input, one answer on standard output. */
async function answer(): Promise<object> {
  try {
    return { result: await runHere(JSON.parse(await text(process.stdin)) as TabularRequest) }
  } catch (error) {
    const { kind, message, hint, details } =
      error instanceof HaganeError ? error : new HaganeError('internal', (error as Error).message)
    return { error: { kind, message, hint, details } }
  }
}

process.stdout.write(JSON.stringify(await answer()))

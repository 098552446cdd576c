import { createInterface } from 'node:readline/promises'
import { HaganeError } from '@hagane/contract'
import type { Surroundings } from './terminal.ts'

/** Asks before something is lost. Without a terminal there is nobody to ask: that is an error unless `--yes` was given. */
export async function confirm(question: string, yes: boolean, surroundings: Surroundings): Promise<void> {
  if (yes) return
  const { stdin, stderr } = surroundings
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new HaganeError('invalid', `${question} Nobody can be asked here.`, { hint: 'add --yes to mean it' })
  }
  const reader = createInterface({ input: stdin, output: process.stderr })
  try {
    const answer = await reader.question(`${question} (y/N) `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new HaganeError('invalid', 'nothing was done')
  } finally {
    reader.close()
  }
}

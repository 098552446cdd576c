import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Surroundings } from './terminal.ts'

/** One line from stdin; on a terminal it is asked for and not shown while it is typed. */
export async function readSecret(question: string, { stdin, stderr }: Surroundings): Promise<string> {
  const terminal = stdin.isTTY === true
  if (terminal) stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: stdin, output: nowhere, terminal })
  try {
    for await (const line of reader) return line.trim()
    return ''
  } finally {
    reader.close()
    if (terminal) stderr.write('\n')
  }
}

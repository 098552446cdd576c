import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Answer } from '@hagane/contract'
import type { Invocation } from '../invocation.ts'

/** Writes a streamed answer to a file, or to stdout. */
export async function saveLines(call: Invocation, { body }: Answer, file: string | undefined): Promise<void> {
  const source = body === null ? Readable.from([]) : Readable.fromWeb(body as never)
  if (file !== undefined) return pipeline(source, createWriteStream(resolve(call.surroundings.cwd, file)))
  for await (const chunk of source) call.surroundings.stdout.write(chunk)
}

import { createReadStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createGunzip } from 'node:zlib'
import { auditRoutes, HaganeError } from '@hagane/contract'
import type { Fault } from '../audit-verifier/name-faults.ts'
import { keyOf } from '../audit-verifier/signed-note.ts'
import { verifyExport } from '../audit-verifier/verify-export.ts'
import { type Proof, verifyProof } from '../audit-verifier/verify-proof.ts'
import { exitCodes } from '../failure.ts'
import { list, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'

const faultColumns: readonly Column<Fault>[] = [
  ['Kind', fault => fault.kind],
  ['Event', fault => fault.seq],
  ['Line', fault => fault.line],
  ['What', fault => fault.message],
]

/** Enough to tell a proof from an export, whose first line may be long. */
const BEGINNING = 64
/** A proof of a prediction in a file of any size is far smaller. */
const LARGEST_PROOF = 16 * 2 ** 20

async function beginningOf(path: string, given: string): Promise<Buffer> {
  const file = await open(path).catch(unreadable(given))
  try {
    if ((await file.stat()).isDirectory()) unreadable(given)({ code: 'EISDIR' })
    const { bytesRead, buffer } = await file.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Throws `invalid` with the reason. */
const unreadable =
  (given: string) =>
  ({ code, message }: { code?: string; message?: string }): never => {
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message
    throw new HaganeError('invalid', `${given} cannot be verified: ${why}`, {
      hint: 'give a file that `hagane audit export --file` or `hagane audit prove --file` wrote',
    })
  }

const isGzip = (beginning: Buffer): boolean => beginning[0] === 0x1f && beginning[1] === 0x8b

/** The bytes of a file, unpacked where it is compressed; one that was cut ends where it was cut. Throws invalid for a damaged one. */
async function* contentOf(path: string, zipped: boolean): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 2 ** 20 })
  if (!zipped) return yield* file
  const unpacked = createGunzip()
  file.on('error', error => unpacked.destroy(error)).pipe(unpacked)
  try {
    yield* unpacked
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return
    throw new HaganeError('invalid', `${path} is no whole gzip file: ${(cause as Error).message}`, {
      hint: 'copy it again, or unpack it yourself (gunzip) and verify what comes out',
    })
  }
}

function checkKey(publicKey: string | undefined): void {
  if (publicKey === undefined) return
  try {
    keyOf(publicKey)
  } catch {
    throw new UsageError(
      `--public-key: '${publicKey}' is no key; one looks like hagane/<server>+<8 hex digits>+<base64>`,
      'hagane audit verify export.jsonl --public-key "$(hagane audit key --query public_key -o tsv)"',
    )
  }
}

function parsedProof(content: string, path: string): Proof {
  try {
    return JSON.parse(content) as Proof
  } catch (cause) {
    throw new HaganeError('invalid', `${path} cannot be read as a proof: ${(cause as Error).message}`, {
      hint: 'ask for it again: hagane audit prove --prediction <id> --file proof.json',
    })
  }
}

export const verify = verb({
  name: 'verify',
  summary: 'Check the hash chain: of the server, or of an export or a proof without a server',
  description:
    'Without a file the server walks its whole chain. With a file nothing is asked of any server: what was changed, removed, inserted, reordered or cut off is named.',
  examples: [
    'hagane audit verify',
    'hagane audit verify export.jsonl --public-key "$(cat hagane.pub)"',
    'hagane audit verify export.jsonl --checkpoint anchored.checkpoint',
    'hagane audit verify proof.json',
  ],
  argument: { spelling: '[file]', summary: 'an export or a proof' },
  flags: {
    publicKey: text('--public-key <key>', 'trust this key of the server, not the one in the file'),
    checkpoint: list('--checkpoint <files...>', 'checkpoints that were kept elsewhere'),
  },
  run: async (call, options) => {
    const [file] = call.args
    const { publicKey } = options
    if (file === undefined) {
      if (publicKey !== undefined || options.checkpoint.length > 0)
        throw new UsageError('--public-key and --checkpoint are for a file', 'hagane audit verify export.jsonl')
      const result = await call.serverClient.call(auditRoutes.verify)
      await call.print(result)
      return result.ok ? exitCodes.ok : exitCodes.failure
    }
    checkKey(publicKey)
    const path = resolve(call.surroundings.cwd, file)
    const beginning = await beginningOf(path, file)
    if (/^\s*\{\s*"hagane_proof"/.test(beginning.toString('utf8'))) {
      const { size } = await stat(path)
      if (size > LARGEST_PROOF) throw new HaganeError('too_large', `${file} is too large for a proof: ${size} bytes`)
      const verdict = verifyProof(parsedProof(await readFile(path, 'utf8'), file), publicKey)
      await call.print(verdict)
      return verdict.ok ? exitCodes.ok : exitCodes.failure
    }
    const kept = options.checkpoint.map(name => readFile(resolve(call.surroundings.cwd, name), 'utf8'))
    const checkpoints = (await Promise.all(kept)).map(note => `${note.trimEnd()}\n`)
    const verdict = await verifyExport(() => contentOf(path, isGzip(beginning)), { publicKey, checkpoints })
    if (publicKey === undefined && verdict.ok)
      call.note('signed with the key that the file names; compare it with `hagane audit key`, or give --public-key')
    if (call.globals.output === 'table') {
      const { events, from, to, checkpoints } = verdict
      if (verdict.ok) call.note(`${events} events hold, ${from} to ${to}, as ${checkpoints} signed checkpoints say`)
      await call.print(verdict.faults, faultColumns)
    } else await call.print(verdict)
    return verdict.ok ? exitCodes.ok : exitCodes.failure
  },
})

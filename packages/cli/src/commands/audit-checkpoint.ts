import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type AuditCheckpoint, auditRoutes } from '@hagane/contract'
import { count, requiredText, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { defaultMost } from './event-flags.ts'
import { collect } from './pages.ts'

const columns: readonly Column<AuditCheckpoint>[] = [
  ['Time', one => one.time],
  ['Events', one => one.size],
  ['Root', one => one.root],
  ['Log', one => one.origin],
]

export const checkpoint = verb({
  name: 'checkpoint',
  summary: 'Sign what the chain holds now, or list what was signed',
  examples: ['hagane audit checkpoint create --file week-48.checkpoint', 'hagane audit checkpoint list -o table'],
  argument: { spelling: '<action>', summary: 'create or list', choices: ['create', 'list'] },
  flags: {
    file: text('-f, --file <path>', 'create: keep the signed text in this file'),
    maxResults: count('-r, --max-results <n>', 'list: how many at most'),
  },
  run: async (call, options) => {
    if (call.args[0] === 'list') {
      const most = options.maxResults ?? defaultMost
      const all = await collect(most, page => call.serverClient.call(auditRoutes.checkpoints, { query: page }))
      return call.print(all, columns)
    }
    if (call.args[0] !== 'create')
      throw new UsageError('audit checkpoint: create or list?', 'hagane audit checkpoint create')
    const made = await call.serverClient.call(auditRoutes.createCheckpoint)
    if (options.file !== undefined) await writeFile(resolve(call.surroundings.cwd, options.file), made.note)
    await call.print(made)
  },
})

export const key = verb({
  name: 'key',
  summary: 'The public key with which the server signs checkpoints',
  examples: ['hagane audit key --query public_key -o tsv > hagane.pub'],
  flags: {},
  run: async call => call.print(await call.serverClient.call(auditRoutes.key)),
})

/** TimeStampReq of RFC 3161 §2.4.1 in DER: version 1, SHA-256 of the text, the authority's certificate asked for. */
function timeStampRequest(content: string): Buffer {
  const sha256 = '300d06096086480165030402010500'
  const digest = createHash('sha256').update(content).digest('hex')
  return Buffer.from(`30390201013031${sha256}0420${digest}0101ff`, 'hex')
}

async function noteOf(call: Invocation, file: string | undefined): Promise<string> {
  if (file !== undefined) return readFile(resolve(call.surroundings.cwd, file), 'utf8')
  return (await call.serverClient.call(auditRoutes.createCheckpoint)).note
}

export const anchor = verb({
  name: 'anchor',
  summary: 'Write a signed checkpoint as a file to keep where this server cannot change it',
  description:
    'git-tag: the message of an annotated tag. rfc3161: a request to a time stamping authority; the checkpoint is written beside it, with the ending .checkpoint.',
  examples: [
    'hagane audit anchor --format git-tag --file note',
    'hagane audit anchor --format rfc3161 --file audit.tsq',
  ],
  flags: {
    format: requiredText('--format <format>', 'git-tag or rfc3161', { choices: ['git-tag', 'rfc3161'] }),
    file: requiredText('-f, --file <path>', 'file to write'),
    checkpoint: text('--checkpoint <file>', 'anchor this one (default: a new one)'),
  },
  run: async (call, options) => {
    const path = resolve(call.surroundings.cwd, options.file)
    const note = await noteOf(call, options.checkpoint)
    const isTag = options.format === 'git-tag'
    await writeFile(path, isTag ? note : timeStampRequest(note))
    if (!isTag) await writeFile(`${path}.checkpoint`, note)
    const size = note.split('\n')[1]
    call.note(
      isTag
        ? `next: git tag -a audit-${size} -F ${options.file}`
        : `next: send ${options.file} to an authority as application/timestamp-query and keep its answer with ${options.file}.checkpoint`,
    )
  },
})

export const prove = verb({
  name: 'prove',
  summary: 'Write what ties one prediction to a signed checkpoint, to be verified without a server',
  examples: ['hagane audit prove --prediction pr-0123456789abcdef-01JCY0R3KQ6W2M8Z4V7T5N9X1B --file proof.json'],
  flags: {
    prediction: requiredText('--prediction <id>', 'the id that came with the answer, or that of one of its rows'),
    file: text('-f, --file <path>', 'file to write (default: stdout)'),
  },
  run: async (call, options) => {
    const params = { prediction: options.prediction }
    const proof = await call.client.call(auditRoutes.prove, { params })
    if (options.file === undefined) return call.print(proof)
    await writeFile(resolve(call.surroundings.cwd, options.file), `${JSON.stringify(proof, null, 2)}\n`)
  },
})

import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { auditRoutes } from '@hagane/contract'
import { exitCodes } from '../failure.ts'
import { count, text } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { defaultMost, eventColumns, eventListFlags } from './event-flags.ts'
import { collect } from './pages.ts'

const list = verb({
  name: 'list',
  summary: 'List what happened in the workspace, newest first',
  examples: ['hagane audit list --subject model/flights -o table', 'hagane audit list --actor user:alice'],
  flags: eventListFlags,
  run: async (call, options) => {
    const { type, subject, actor } = options
    const events = await collect(options.maxResults ?? defaultMost, page =>
      call.client.call(auditRoutes.list, { query: { ...page, type, subject, actor } }),
    )
    await call.print(events, eventColumns)
  },
})

const verify = verb({
  name: 'verify',
  summary: 'Walk the whole hash chain; fails when an event was changed, removed or added',
  examples: ['hagane audit verify'],
  flags: {},
  run: async call => {
    const result = await call.serverClient.call(auditRoutes.verify)
    await call.print(result)
    return result.ok ? exitCodes.ok : exitCodes.failure
  },
})

const exportVerb = verb({
  name: 'export',
  summary: 'Write the chain as one JSON object a line, to keep or to verify elsewhere',
  examples: ['hagane audit export --file audit.ndjson', 'hagane audit export --after 1000 | gzip > audit.ndjson.gz'],
  flags: {
    file: text('-f, --file <path>', 'file to write (default: stdout)'),
    after: count('--after <seq>', 'only events after this sequence number'),
  },
  run: async (call, options) => {
    const query = { after: options.after ?? 0 }
    const response = await call.serverClient.raw(auditRoutes.export, { query })
    const source = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as never)
    if (options.file !== undefined) {
      return pipeline(source, createWriteStream(resolve(call.surroundings.cwd, options.file)))
    }
    for await (const chunk of source) call.surroundings.stdout.write(chunk)
  },
})

export const noun: Noun = {
  name: 'audit',
  summary: 'Read, check and export the audit trail',
  verbs: [list, verify, exportVerb],
}

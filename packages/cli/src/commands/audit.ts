import { auditRoutes } from '@hagane/contract'
import { saveLines } from '../download/save-lines.ts'
import { count, text } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { anchor, checkpoint, key, prove } from './audit-checkpoint.ts'
import { trail } from './audit-trail.ts'
import { verify } from './audit-verify.ts'
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

const exportVerb = verb({
  name: 'export',
  summary: 'Write the chain as one JSON object a line, signed, to keep or to verify elsewhere',
  examples: ['hagane audit export --file export.jsonl', 'hagane audit export --after 1000 | gzip > export.jsonl.gz'],
  flags: {
    file: text('-f, --file <path>', 'file to write (default: stdout)'),
    after: count('--after <seq>', 'only events after this sequence number'),
  },
  run: async (call, options) => {
    const query = { after: options.after ?? 0 }
    await saveLines(call, await call.serverClient.raw(auditRoutes.export, { query }), options.file)
  },
})

export const noun: Noun = {
  name: 'audit',
  summary: 'Read, check and export the audit trail',
  verbs: [list, verify, exportVerb, checkpoint, anchor, key, prove, trail],
}

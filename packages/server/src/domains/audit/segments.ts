import { join } from 'node:path'
import type { Database } from '../../kernel/db/index.ts'
import { type EventLog, type EventRow, eventsAfter } from '../../kernel/events/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { SegmentTrees } from './segment-trees.ts'
import { isTold } from './store.ts'

export const ROOTED = 'dev.hagane.audit.segment-rooted'
const DAMAGED = 'dev.hagane.audit.segment-damaged'

interface Sealed {
  endpoint: string
  deployment: string
  revision_id: string
  segment: string
  digest: string
  count: number
}

interface Deps {
  db: Database
  events: EventLog
  log: Logger
  trees: SegmentTrees
  gatewayDir: string
}

export const segmentSubject = (revision: string, segment: string): string => `segment/${revision}/${segment}`

/**
 * Puts the root over the lines of each sealed file of predictions into the chain, so that one prediction can be proved without
 * the file. A file that is no longer what was sealed raises an alert instead.
 */
export function rootSegments({ db, events, log, trees, gatewayDir }: Deps): { catchUp(): Promise<void> } {
  async function root(event: EventRow): Promise<void> {
    const sealed = JSON.parse(event.data) as Sealed
    const { revision_id: revision, segment } = sealed
    const path = join(gatewayDir, 'predictions', revision, `${segment}.ndjson`)
    const found = await trees.build(path, revision, segment).catch(ifMissing)
    if (found === undefined) return log.warn({ path }, 'a sealed file of predictions is not there; it gets no proof')
    const subject = segmentSubject(revision, segment)
    const isWhole = found.digest === sealed.digest && found.count === sealed.count
    await db.withTransaction({ workspace: event.workspace, actor: 'server' }, async tx => {
      if (await isTold(tx, subject)) return
      tx.append({
        type: isWhole ? ROOTED : DAMAGED,
        subject,
        data: isWhole ? { ...sealed, root: found.root } : { ...sealed, found: found.digest, alert: alertOf(sealed) },
      })
    })
  }

  return events.consume('audit-segments', async batch => {
    for (const event of batch) {
      if (event.type === 'dev.hagane.endpoint.predictions-sealed') await root(event)
      if (event.type === 'dev.hagane.endpoint.predictions-expired') {
        const { revision_id, segments } = JSON.parse(event.data) as { revision_id: string; segments: string[] }
        for (const segment of segments) await trees.forget(revision_id, segment)
      }
    }
  })
}

const alertOf = ({ endpoint, deployment, revision_id, segment }: Sealed) => ({
  key: `audit/segment/${revision_id}/${segment}`,
  state: 'firing',
  severity: 'critical',
  summary: `the file of predictions ${segment} of ${endpoint}/${deployment} is not what the gateway sealed`,
  summary_ja: `${endpoint}/${deployment} の予測記録 ${segment} は、ゲートウェイが封印した内容と一致しません`,
  group: `endpoint/${endpoint}`,
  labels: { endpoint, deployment },
  next_command: `hagane audit list --subject "segment/${revision_id}/*"`,
})

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}

/** The event that names the root of a segment. */
export async function rootedEvent(db: Database, revision: string, segment: string): Promise<EventRow | undefined> {
  const [row] = await eventsAfter(db, 0, 1, { type: ROOTED, subject: segmentSubject(revision, segment) })
  return row
}

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { predictionHour } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { filesBefore, filesExpiredSince } from './reads.ts'
import { expireFiles } from './store.ts'
import type { CollectedFileRow } from './tables.ts'

const filesAtOnce = 500
/** A file is removed once it has expired, and if that fails or the server dies again by later sweeps within this time. */
const againMs = 2 * 86_400_000

export interface RetentionDeps {
  db: Database
  gatewayDir: string
  datastoreFolder(workspace: string): Promise<string>
  /** Seconds that collected data and feedback are kept. */
  collectedSeconds: number
  /** Seconds that records of predictions are kept; undefined keeps them for good. */
  predictionSeconds: number | undefined
  /** Workspace, endpoint and deployment of a revision. */
  revision(id: string): Promise<{ workspace: string; endpoint: string; deployment: string } | undefined>
}

/** Deletes what is older than its time. Each deletion is an event with the digests of what is gone. */
export async function sweepOld(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  const now = deps.db.clock.now().getTime()
  const hour = predictionHour(now - deps.collectedSeconds * 1000)
  for (;;) {
    const due = await filesBefore(deps.db, hour, filesAtOnce)
    if (due.length === 0 || signal.aborted) break
    for (const rows of Map.groupBy(due, file => `${file.workspace}/${file.endpoint}`).values()) await expire(deps, rows)
  }
  for (const { workspace, path } of await filesExpiredSince(deps.db, new Date(now - againMs).toISOString()))
    await rm(join(await deps.datastoreFolder(workspace), path), { force: true })
  if (deps.predictionSeconds !== undefined && !signal.aborted)
    await sweepRecords(deps, predictionHour(now - deps.predictionSeconds * 1000))
}

async function expire({ db }: RetentionDeps, files: readonly CollectedFileRow[]): Promise<void> {
  const [{ workspace, endpoint } = { workspace: '', endpoint: '' }] = files
  await db.withTransaction({ workspace, actor: 'server' }, async tx => {
    await expireFiles(
      tx,
      files.map(file => file.path),
    )
    tx.append({
      type: 'dev.hagane.endpoint.data-expired',
      subject: `endpoint/${endpoint}`,
      data: {
        endpoint,
        files: files.map(({ collection, path, records, digest }) => ({ collection, path, rows: records, digest })),
      },
    })
  })
}

/** Sealed segments of records, as the gateway left them in its folder. */
async function sweepRecords(deps: RetentionDeps, before: string): Promise<void> {
  const root = join(deps.gatewayDir, 'predictions')
  for (const id of await readdir(root).catch(() => [])) {
    const segments = (await readdir(join(root, id)).catch(() => []))
      .filter(file => file.endsWith('.sealed.json') && file.slice(0, before.length) < before)
      .map(file => file.slice(0, -'.sealed.json'.length))
    const revision = segments.length === 0 ? undefined : await deps.revision(id)
    if (revision === undefined) continue
    const { workspace, endpoint, deployment } = revision
    await deps.db.withTransaction({ workspace, actor: 'server' }, async tx => {
      tx.append({
        type: 'dev.hagane.endpoint.predictions-expired',
        subject: `deployment/${endpoint}/${deployment}`,
        data: { endpoint, deployment, revision_id: id, segments },
      })
    })
    for (const segment of segments) {
      // the seal goes last: as long as it is there, the next sweep finds the segment again
      await rm(join(root, id, `${segment}.ndjson`), { force: true })
      await rm(join(root, id, `${segment}.sealed.json`), { force: true })
    }
  }
}

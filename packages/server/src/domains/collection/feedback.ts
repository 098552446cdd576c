import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HaganeError, predictionHour } from '@hagane/contract'
import { runTabular, type TableSource } from '@hagane/tabular'
import type { Who } from '../../kernel/db/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { fileOfEvent, move } from './convert.ts'
import { collectedPath, FEEDBACK } from './places.ts'
import type { QuestionDeps } from './questions.ts'
import { lastFeedback } from './reads.ts'
import { insertFiles } from './store.ts'

export interface FeedbackDeps extends QuestionDeps {
  /** The table behind a reference. */
  table(workspace: string, uri: string): Promise<TableSource>
}

/**
 * Takes a table of labels as feedback of an endpoint. What says the same as the feedback before is known already and changes
 * nothing. Throws `invalid` for a row that names no prediction.
 */
export async function takeFeedback(
  deps: FeedbackDeps,
  who: Who,
  endpoint: string,
  { data, key }: { data: string; key?: string | undefined },
): Promise<{ rows: number; digest: string; known: boolean }> {
  const { workspace } = who
  await deps.revisionsOf(workspace, endpoint)
  const source = await deps.table(workspace, data)
  const folder = await mkdtemp(join(deps.workDir, 'feedback-'))
  try {
    const receivedAt = deps.db.clock.now().toISOString()
    const found = await runTabular({
      kind: 'feedback',
      source,
      receivedAt,
      folder,
      ...(key === undefined ? {} : { key }),
    })
    if (found.rows === 0)
      throw new HaganeError('invalid', `${source.name} holds no rows`, { hint: 'send at least one' })
    const last = await lastFeedback(deps.db, workspace, endpoint)
    if (last?.source === found.content) return { rows: found.rows, digest: last.digest, known: true }
    const hour = predictionHour(Date.parse(receivedAt))
    const path = collectedPath({ endpoint, collection: FEEDBACK, hour }, newUlid())
    const target = join(await deps.datastoreFolder(workspace), path)
    await mkdir(dirname(target), { recursive: true })
    await move(join(folder, 'feedback.parquet'), target)
    const { rows, size, digest, content } = found
    await deps.db.withTransaction(who, async tx => {
      const of = { path, endpoint, deployment: null, revision: null, collection: FEEDBACK, hour, source: content }
      await insertFiles(tx, [{ ...of, records: rows, size, digest }])
      tx.append({
        type: 'dev.hagane.endpoint.feedback-received',
        subject: `endpoint/${endpoint}`,
        data: { endpoint, hour, files: [fileOfEvent({ table: FEEDBACK, path, rows, size, digest })] },
      })
    })
    return { rows, digest, known: false }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

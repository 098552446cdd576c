import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TableSource } from '@hagane/tabular'
import type { Database } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import { convertCaptures } from './convert.ts'
import { takeFeedback } from './feedback.ts'
import { buildPeriods, type CollectedPeriods } from './periods.ts'
import { buildQuestions, type CollectedRow } from './questions.ts'
import { listFiles } from './reads.ts'
import { sweepOld } from './retention.ts'
import { Rounds } from './rounds.ts'
import { bindRoutes, type CollectionUses } from './routes.ts'

export type { CollectedHour, CollectedPeriods } from './periods.ts'
export { collectionFolder } from './places.ts'

const convertEveryMs = 5000
const sweepEveryMs = 3_600_000

interface Deps {
  db: Database
  log: Logger
  dataDir: string
  /** For columns that are replaced by a keyed digest. */
  redactionKey: string
  /** The default datastore of a workspace: where what is collected lies, as Azure ML has it. */
  datastore: { name: string; folder(workspace: string): Promise<string> }
  writeTo(workspace: string, datastore: string, folder: string, file: string, name: string): Promise<void>
  table(workspace: string, uri: string): Promise<TableSource>
  revisionsOf(workspace: string, endpoint: string): Promise<string[]>
  revision(id: string): Promise<{ workspace: string; endpoint: string; deployment: string } | undefined>
  keepSeconds: { collected: number; predictions: number | undefined }
  /** Tables are read in the background when nobody else wants the processor; true unless given. */
  background?: boolean
}

export interface Collection extends CollectionUses {
  routes: BoundRoute[]
  periods: CollectedPeriods
  /** What was collected and said of a prediction, as facts; nothing while that cannot be looked up. */
  ofPrediction(workspace: string, endpoint: string, id: string): Promise<{ collected?: CollectedRow[] }>
  /** Begins to turn captures into tables and to delete what is too old. */
  start(): void
  stop(): Promise<void>
}

/**
 * What passes through endpoints, kept as the deployments ask for it: Parquet by hour in the default datastore, questions
 * over it, feedback, comparison of shadows, and the end of it.
 */
export function buildCollection(deps: Deps): Collection {
  const { db, log, dataDir, datastore } = deps
  const gatewayDir = join(dataDir, 'gateway')
  const workDir = join(dataDir, 'collecting')
  mkdirSync(workDir, { recursive: true, mode: 0o700 })
  const parts = { ...deps, gatewayDir, workDir, datastoreFolder: datastore.folder }
  const rounds = new Rounds(log)
  const uses: CollectionUses = {
    questions: buildQuestions(parts),
    feedback: (who, endpoint, what) => takeFeedback(parts, who, endpoint, what),
    async files(workspace, endpoint, { collection, deployment }) {
      await deps.revisionsOf(workspace, endpoint)
      const collections = collection === undefined ? {} : { collections: [collection] }
      const rows = await listFiles(db, workspace, endpoint, { ...collections, deployment })
      return rows.map(row => ({
        ...(row.deployment === null ? {} : { deployment: row.deployment }),
        ...{ collection: row.collection, hour: row.hour, rows: row.records, size: row.size, digest: row.digest },
        path: `azureml://datastores/${datastore.name}/paths/${row.path}`,
      }))
    },
  }
  return {
    ...uses,
    routes: bindRoutes(uses),
    periods: buildPeriods(parts),
    async ofPrediction(workspace, endpoint, id) {
      const rows = await uses.questions.ofPrediction({ workspace, endpoint }, id).catch((error: unknown) => {
        log.warn({ err: error, prediction: id }, 'what was collected of a prediction could not be read')
        return []
      })
      return rows.length === 0 ? {} : { collected: rows }
    },
    start() {
      rounds.every(convertEveryMs, signal => convertCaptures(parts, signal))
      const { collected: collectedSeconds, predictions: predictionSeconds } = deps.keepSeconds
      rounds.every(sweepEveryMs, signal => sweepOld({ ...parts, collectedSeconds, predictionSeconds }, signal))
    },
    stop: () => rounds.stop(),
  }
}

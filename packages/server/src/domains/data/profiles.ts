import { type DataProfile, type DataSpec, HaganeError } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { Task, Tasks } from '../../kernel/tasks/index.ts'
import { findProfile } from './profile-reads.ts'
import { putPendingProfile, settleProfile } from './profile-store.ts'
import { type TableReader, tableSource } from './table-reader.ts'

const PROFILE_TASK = 'data.profile'
/** Larger data is profiled when somebody asks, since its files have to be laid out for it. */
const AT_ONCE_BYTES = 2 ** 30
const tableFile = /\.(csv|tsv|tab|psv|parquet|jsonl|ndjson)$/i

interface Version {
  name: string
  version: string
  type: DataSpec['type']
  content: { tree: string; path: string; size: number }
}

interface Deps {
  db: Database
  blobs: BlobStore
  tasks: Tasks
  reader: TableReader
  /** Throws not_found. */
  get(workspace: string, name: string, version: string): Promise<Version>
}

export interface Profiles {
  /** In the transaction that makes a version: has it looked at when it is sure to be a table. */
  noteCreated(tx: Tx, version: Version): Promise<void>
  /** The profile as far as it is known; asks for one when there is none, or with `again`. */
  show(who: Who, name: string, version: string, again: boolean): Promise<DataProfile>
}

/** Profiles of data versions, computed in the background by a process of its own and kept with the version. */
export function buildProfiles({ db, blobs, tasks, reader, get }: Deps): Profiles {
  const ask = async (tx: Tx, name: string, version: string) => {
    await putPendingProfile(tx, name, version)
    await tasks.enqueue(tx, {
      kind: PROFILE_TASK,
      subject: `data/${name}:${version}`,
      payload: { name, version },
      maxAttempts: 3,
    })
  }
  const compute = async (task: Task, signal: AbortSignal) => {
    const { name, version } = task.payload as { name: string; version: string }
    const { content } = await get(task.workspace, name, version)
    const source = await tableSource(blobs, `azureml:${name}:${version}`, content)
    const outcome = await reader.run({ kind: 'profile', source }, signal).then(
      profile => ({ profile }),
      error => {
        // what is wrong with the files will be wrong tomorrow; anything else is tried again
        if (error instanceof HaganeError && ['invalid', 'not_found', 'unsupported'].includes(error.kind))
          return { error: error.message }
        throw error
      },
    )
    await settle(db, task, name, version, outcome)
  }
  tasks.register(PROFILE_TASK, {
    concurrency: 1,
    handle: compute,
    onGivenUp: async (task, error) => {
      const { name, version } = task.payload as { name: string; version: string }
      await settle(db, task, name, version, { error: (error as Error).message })
    },
  })
  return {
    async noteCreated(tx, { name, version, type, content }) {
      const isTable = type === 'mltable' || (type === 'uri_file' && tableFile.test(content.path))
      if (isTable && content.size <= AT_ONCE_BYTES) await ask(tx, name, version)
    },
    async show(who, name, version, again) {
      const asset = await get(who.workspace, name, version)
      const found = await findProfile(db, who.workspace, name, asset.version)
      if (found !== undefined && !(again && found.status !== 'pending')) return found
      await db.withTransaction(who, tx => ask(tx, name, asset.version))
      return { status: 'pending' }
    },
  }
}

async function settle(
  db: Database,
  who: Who,
  name: string,
  version: string,
  outcome: Parameters<typeof settleProfile>[3],
): Promise<void> {
  await db.withTransaction(who, async tx => {
    await settleProfile(tx, name, version, outcome)
    tx.append({
      type: `dev.hagane.data.${'profile' in outcome ? 'profiled' : 'profile_failed'}`,
      subject: `data/${name}:${version}`,
      data: { name, version, ...factsOf(outcome) },
    })
  })
}

/** What the event says: enough to see that a column went missing, not the values. */
const factsOf = (outcome: Parameters<typeof settleProfile>[3]) =>
  'error' in outcome
    ? { error: outcome.error.slice(0, 500) }
    : {
        rows: outcome.profile.rows,
        columns: outcome.profile.columns.slice(0, 500).map(({ name, type, nulls }) => ({ name, type, nulls })),
      }

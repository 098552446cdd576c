import { createHash } from 'node:crypto'
import type { ColumnKind } from '@hagane/contract'
import { mergeProfiles, type Profile, type TableSource } from '@hagane/tabular'
import type { Target } from '../plan.ts'
import { findReference } from '../reads.ts'
import { keepReference } from '../store.ts'
import { trainingInputs } from '../training-data.ts'
import type { Window } from '../windows.ts'
import type { Bench } from './bench.ts'
import { actorOf } from './profiles.ts'

type Kinds = Readonly<Record<string, ColumnKind>>

/** What the jobs of a batch deployment scored in a window: the sum of profiles, and the data of the newest job. */
export interface BatchInputs {
  readonly profile: Profile
  source(): Promise<TableSource>
}

/**
 * The inputs of all jobs that were started in a window and have completed. The profile of each is computed once; `kindsOf` tells what columns
 * are taken for.
 */
export async function batchInputs(
  bench: Bench,
  target: Target,
  window: Window,
  kindsOf: (columns: readonly string[]) => Promise<Kinds>,
): Promise<BatchInputs | undefined> {
  const { needs, about } = bench
  const uris: string[] = []
  for (const job of await needs.batch.completed(about.workspace, target, window.start, window.end)) {
    const uri = await readBy(bench, job)
    if (uri !== undefined) uris.push(uri)
  }
  const newest = uris.at(-1)
  if (newest === undefined) return undefined
  const source = () => needs.table(about.workspace, newest)
  const { columns } = await bench.ask({ kind: 'rows', source: await source(), limit: 1 })
  const kinds = await kindsOf(columns.map(({ name }) => name))
  const profiles: Profile[] = []
  for (const uri of uris) profiles.push(await profileOf(bench, uri, kinds))
  return { profile: mergeProfiles(...profiles), source }
}

/** The data that a job of a batch endpoint scored. */
async function readBy({ needs, about }: Bench, job: string): Promise<string | undefined> {
  const inputs = await trainingInputs(needs.db, about.workspace, [job])
  return inputs.find(({ input }) => input === 'data')?.uri
}

async function profileOf(bench: Bench, uri: string, kinds: Kinds): Promise<Profile> {
  const { needs, about } = bench
  const { tree, path } = await needs.resolve(about.workspace, uri)
  const of = {
    content: `${tree}/${path}`,
    basis: `profile ${createHash('sha256').update(JSON.stringify(kinds)).digest('hex')}`,
  }
  const known = await findReference(needs.db, about.workspace, of.content, of.basis)
  if (known !== undefined) return JSON.parse(known) as Profile
  const source = await needs.table(about.workspace, uri)
  const profile = await bench.ask({ kind: 'profile-sketch', source, kinds })
  await needs.db.withTransaction(actorOf(bench), tx =>
    keepReference(tx, { ...of, model: about.model ?? null, measured: JSON.stringify(profile) }),
  )
  return profile
}

import type { KeyChange } from '@hagane/contract'
import type { JobNeeds } from '../model/needs.ts'
import { own } from '../model/own-property.ts'
import { findJob } from '../records/reads.ts'
import type { PartChange } from './compare-parts.ts'
import { type Content, compareTrees } from './compare-trees.ts'

type Needs = Pick<JobNeeds, 'db' | 'blobs' | 'environments'>
interface Sourced {
  /** Input → where its content came from (JSON). */
  sources: string
}

/** Looks into the two sides of a change: lines of code, versions of packages, files of data and the step that made them. */
export async function detailsOf(
  needs: Needs,
  workspace: string,
  change: PartChange,
  before: Sourced,
  after: Sourced,
): Promise<KeyChange> {
  if (change.part === 'code') return { ...change, ...(await filesOf(needs, change, true)) }
  if (change.part === 'environment') return { ...change, ...(await packagesOf(needs, change)) }
  if (change.part !== 'data' || change.name === undefined) return change
  const [was, is] = [sourceOf(before, change.name), sourceOf(after, change.name)]
  return {
    ...change,
    ...withSource('before', change.before, was),
    ...withSource('after', change.after, is),
    ...(await filesOf(needs, change, false)),
    ...(await causeOf(needs, workspace, is)),
  }
}

const isContent = (value: unknown): value is Content =>
  typeof value === 'object' && value !== null && 'tree' in value && 'path' in value

async function filesOf({ blobs }: Needs, { before, after }: PartChange, lines: boolean) {
  return isContent(before) && isContent(after) ? await compareTrees(blobs, before, after, lines) : undefined
}

async function packagesOf({ environments }: Needs, { before, after }: PartChange) {
  const changes = await environments.lockChanges(String(before), String(after))
  return changes === undefined
    ? undefined
    : { packages: changes.packages, ...(changes.python === undefined ? {} : { python: changes.python }) }
}

const sourceOf = ({ sources }: Sourced, input: string): string | undefined =>
  own(JSON.parse(sources) as Record<string, string>, input)

const withSource = (side: 'before' | 'after', value: unknown, from: string | undefined): Record<string, unknown> =>
  isContent(value) && from !== undefined ? { [side]: { ...value, from } } : {}

/** The step whose output this was. */
async function causeOf({ db }: Needs, workspace: string, from: string | undefined) {
  const maker = /^job:([^/]+)\//.exec(from ?? '')?.[1]
  const row = maker === undefined ? undefined : await findJob(db, workspace, maker)
  return row === undefined ? undefined : { caused_by: { step: row.step ?? row.name, job: row.name } }
}

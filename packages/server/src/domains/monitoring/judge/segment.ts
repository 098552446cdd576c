import { createHash } from 'node:crypto'
import type { MonitorSignal } from '@hagane/contract'
import type { Bench } from './bench.ts'
import { partOf } from './named-table.ts'
import type { Production } from './production.ts'
import { referenceProfile } from './profiles.ts'
import type { Reference } from './reference.ts'

/** Rows that have one of the values in a column: Azure ML's `data_segment`. */
export interface Segment {
  readonly column: string
  readonly values: readonly unknown[]
}

/** The part of the data that a signal is about; undefined for all of it. */
export function segmentOf(signal: MonitorSignal): Segment | undefined {
  const said = 'data_segment' in signal ? (signal.data_segment as DataSegment | undefined) : undefined
  return said === undefined ? undefined : { column: said.feature_name, values: said.feature_values }
}

interface DataSegment {
  readonly feature_name: string
  readonly feature_values: readonly unknown[]
}

/** Production without the rows that are not in the segment. Throws invalid where it has no such column. */
export async function segmentOfProduction(bench: Bench, production: Production, segment: Segment): Promise<Production> {
  const { column } = production.inputs.find(({ name }) => name === segment.column) ?? segment
  const part = await partOf(bench, await production.source(), { segment: { ...segment, column } })
  const { profile: _, ...rest } = production
  const values = segment.values.map(String).join(', ')
  return {
    ...rest,
    rows: part.rows,
    source: async () => part.source,
    notes: [...production.notes, `only rows with ${segment.column} = ${values}`],
  }
}

/** The same rows of a reference. */
export async function segmentOfReference(bench: Bench, reference: Reference, segment: Segment): Promise<Reference> {
  const { source } = await partOf(bench, await reference.source(), { segment })
  const { content: whole, ...rest } = reference
  const digest = createHash('sha256').update(JSON.stringify(segment)).digest('hex')
  const content = whole === undefined ? {} : { content: `${whole} ${digest}` }
  return {
    ...{ ...rest, ...content, source: async () => source },
    profile: await referenceProfile(bench, { source, ...content }),
  }
}

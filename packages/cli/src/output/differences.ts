import type { Column } from './table.ts'

/** One difference between two versions of a thing. */
export interface Difference {
  readonly what: string
  readonly name: string
  readonly before: unknown
  readonly after: unknown
}

export const differenceColumns: readonly Column<Difference>[] = [
  ['Difference', row => row.what],
  ['Of', row => row.name],
  ['Before', row => row.before],
  ['After', row => row.after],
]

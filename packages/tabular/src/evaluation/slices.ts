import type { GateSlice, GateSpec } from '@hagane/contract'
import type { ScoredTable } from './scored-table.ts'
import { className, type Label } from './scores.ts'

/** Some rows of a table; without a name, all that are judged. */
export interface Slice {
  readonly name?: string
  readonly rows: readonly number[]
}

export const slicesOf = (spec: GateSpec, table: ScoredTable, rows: readonly number[]): Slice[] =>
  spec.slices.flatMap(slice => bySlice(slice, table.columns[slice.column] ?? [], rows))

function bySlice({ column, most, edges }: GateSlice, values: readonly Label[], rows: readonly number[]): Slice[] {
  const keyOf = edges === undefined ? className : rangeOf([...edges].sort((a, b) => a - b))
  return [...groupsOf(values, rows, keyOf)]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, edges === undefined ? most : undefined)
    .map(([value, found]) => ({ name: `${column} ${edges === undefined ? '= ' : ''}${value}`, rows: found }))
}

/** Rows by what a column says; rows where it says nothing belong to no group. */
export function groupsOf(
  values: readonly Label[],
  rows: readonly number[],
  keyOf: (value: Label) => string = className,
): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  for (const row of rows) {
    const value = values[row] ?? null
    if (value === null) continue
    const key = keyOf(value)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}

const rangeOf =
  (edges: readonly number[]) =>
  (value: Label): string => {
    const above = edges.findIndex(edge => Number(value) < edge)
    if (above === -1) return `>= ${edges.at(-1)}`
    return above === 0 ? `< ${edges[0]}` : `${edges[above - 1]} to ${edges[above]}`
  }

import { HaganeError } from '@hagane/contract'
import { columnTypeOf, isNumeric } from '../../column-type.ts'
import type { Engine } from '../../engine.ts'
import { identifier, literal } from '../../sql-text.ts'
import { numberOf, type Side, sampleOf } from '../sides/side.ts'
import type { ModelColumns } from '../types.ts'
import type { Labelled } from './scores.ts'

const MOST_CLASSES = 100

/** What stands for the classes: two become 0 and 1, more are numbered in order. */
export interface Classes {
  readonly names: readonly string[]
  readonly positive?: string
}

/** Throws invalid for columns that the table does not have, naming those it has. */
export function needColumns({ relation, name }: Side, columns: Readonly<Record<string, string | undefined>>): void {
  const known = relation.columns.map(one => one.name)
  for (const [property, column] of Object.entries(columns)) {
    if (column === undefined || known.includes(column)) continue
    throw new HaganeError('invalid', `${property}: ${name ?? 'the table'} has no column ${column}`, {
      details: [{ property, message: 'no such column', sent: column, allowed: known }],
      hint: `its columns: ${known.join(', ')}`,
    })
  }
}

/** The classes that labels and predictions name. Throws invalid where there are too many to be classes. */
export async function classesOf(engine: Engine, side: Side, model: ModelColumns): Promise<Classes> {
  const columns = [model.target, ...(model.prediction === undefined ? [] : [model.prediction])]
  const values = columns.map(name => `select ${classText(side, name)} as v from (${side.relation.sql})`)
  const found = await engine.rows<{ v: string }>(
    `select distinct v from (${values.join(' union all ')}) where v is not null order by v limit ${MOST_CLASSES + 1}`,
  )
  const names = found.map(({ v }) => v)
  if (names.length > MOST_CLASSES)
    throw new HaganeError('invalid', `${model.target}: more than ${MOST_CLASSES} classes`, {
      details: [{ property: 'task', message: 'too many classes', sent: 'classification', allowed: ['regression'] }],
      hint: 'is it a regression? or does the column hold ids?',
    })
  if (names.length > 2 && model.positive === undefined) return { names }
  const positive = model.positive ?? names.at(-1)
  if (model.positive !== undefined && names.length > 0 && !names.includes(model.positive))
    throw new HaganeError('invalid', `positive: no label is ${model.positive}`, {
      details: [{ property: 'positive', message: 'no such class', sent: model.positive, allowed: names }],
    })
  return { names, ...(positive === undefined ? {} : { positive }) }
}

/** Numbers as text that is the same for 1 and 1.0. */
function classText({ relation }: Side, name: string): string {
  const type = relation.columns.find(column => column.name === name)?.type ?? 'VARCHAR'
  const column = identifier(name)
  if (!isNumeric(columnTypeOf(type))) return `${column}::varchar`
  return `nullif(case when ${column}::double = round(${column}::double) then printf('%.0f', ${column}::double) else ${column}::varchar end, 'nan')`
}

/** The rows as numbers, at most `most` of them: every k-th. NaN where there is nothing. */
export async function labelledRows(
  engine: Engine,
  side: Side,
  model: ModelColumns,
  classes: Classes | undefined,
  more: readonly string[],
  most: number,
): Promise<{ rows: Labelled; more: Float64Array[] }> {
  const value = (name: string): string => (classes === undefined ? plainNumber(side, name) : coded(side, name, classes))
  const has = (name: string | undefined): name is string =>
    name !== undefined && side.relation.columns.some(column => column.name === name)
  const score = has(model.score) ? plainNumber(side, model.score) : undefined
  const bySore =
    score === undefined
      ? "'nan'::double"
      : `case when ${score} >= 0.5 then 1.0 when ${score} < 0.5 then 0.0 else 'nan' end`
  const columns = [
    has(model.target) ? value(model.target) : "'nan'::double",
    has(model.prediction) ? value(model.prediction) : bySore,
    ...(score === undefined ? [] : [score]),
    ...more,
  ]
  const found = await engine.doubles(
    `select ${columns.map((column, i) => `(${column})::double as c${i}`).join(', ')} from (${sampleOf(side, most)})`,
  )
  const [target = new Float64Array(), prediction = new Float64Array(), third] = found
  const severalClasses = classes !== undefined && classes.positive === undefined
  return {
    rows: {
      target,
      prediction,
      ...(score === undefined || third === undefined ? {} : { score: third }),
      ...(severalClasses ? { classes: classes.names.map((_, i) => i) } : {}),
    },
    more: found.slice(score === undefined ? 2 : 3),
  }
}

function plainNumber({ relation }: Side, name: string): string {
  return numberOf(name, relation.columns.find(column => column.name === name)?.type ?? 'VARCHAR', 'numeric')
}

function coded(side: Side, name: string, { names, positive }: Classes): string {
  const text = classText(side, name)
  const code = (one: string, i: number) => (positive === undefined ? i : Number(one === positive))
  const cases = names.map((one, i) => `when ${literal(one)} then ${code(one, i)}.0`)
  return cases.length === 0 ? "'nan'::double" : `case ${text} ${cases.join(' ')} else 'nan'::double end`
}

/** Rows that have all of it. */
export function completeRows({ target, prediction, score }: Labelled, needsTarget: boolean): Uint32Array {
  const rows = Uint32Array.from(target, (_, i) => i)
  const there = (value: number | undefined) => value !== undefined && Number.isFinite(value)
  return rows.filter(
    i => (!needsTarget || there(target[i])) && there(prediction[i]) && (score === undefined || there(score[i])),
  )
}

import type { OutputFormat } from '../grammar/globals.ts'
import { harmless, hasColours, type Surroundings } from '../terminal/terminal.ts'
import { colourJson, colourYaml } from './colour.ts'
import type { Column } from './table.ts'
import { tsv } from './tsv.ts'

/** How to print; without a format a terminal gets tables and YAML, everything else JSON. */
export interface Manner {
  format: OutputFormat | undefined
  query: ((value: unknown) => unknown) | undefined
  /** `hagane az ml …`: JSON also on a terminal, as `az` does. */
  likeAz: boolean
}

/** Longest cell on a terminal, in characters. */
const cellLimit = 60

/** Turns a result into text. Nothing at all for a result of null, as `az` does. */
export async function render<Row>(
  value: unknown,
  manner: Manner,
  surroundings: Surroundings,
  columns?: readonly Column<Row>[],
): Promise<string> {
  const result = manner.query === undefined ? value : manner.query(value)
  if (result === undefined || result === null) return ''
  const queried = manner.query !== undefined
  const colours = hasColours(surroundings.stdout, surroundings.env)
  if (manner.format === undefined && surroundings.stdout.isTTY === true && !manner.likeAz) {
    return forPeople(result, queried ? undefined : columns, colours)
  }
  return formatted(manner.format ?? 'json', result, queried, colours, columns)
}

async function formatted<Row>(
  format: OutputFormat,
  result: unknown,
  queried: boolean,
  colours: boolean,
  columns: readonly Column<Row>[] | undefined,
): Promise<string> {
  switch (format) {
    case 'json':
      return json(result)
    case 'jsonc':
      return colours ? colourJson(json(result)) : json(result)
    case 'yaml':
      return yaml(result)
    case 'yamlc':
      return colours ? colourYaml(await yaml(result)) : yaml(result)
    case 'tsv':
      return tsv(result, queried)
    case 'table':
      return table(result, queried ? undefined : columns)
    case 'none':
      return ''
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

async function yaml(value: unknown): Promise<string> {
  const { toYaml } = await import('./yaml.ts')
  return toYaml(value)
}

async function table<Row>(value: unknown, columns?: readonly Column<Row>[], limit?: number): Promise<string> {
  const { tableOf, tableOfAnything } = await import('./table.ts')
  if (columns === undefined) return tableOfAnything(value, limit)
  return tableOf((Array.isArray(value) ? value : [value]) as Row[], columns, limit)
}

async function forPeople<Row>(
  result: unknown,
  columns: readonly Column<Row>[] | undefined,
  colours: boolean,
): Promise<string> {
  if (typeof result !== 'object') return `${harmless(String(result))}\n`
  if (Array.isArray(result)) {
    if (result.length === 0) return 'nothing to list\n'
    return table(result, columns, cellLimit)
  }
  const text = harmless(await yaml(result))
  return colours ? colourYaml(text) : text
}

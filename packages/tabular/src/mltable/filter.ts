import { columnTypeOf, isNumeric } from '../column-type.ts'
import type { Relation } from '../relation.ts'
import { identifier, literal } from '../sql-text.ts'
import { refusal } from './document.ts'

const token =
  /\s*(?:(?<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?<text>"[^"\\]*"|'[^'\\]*')|(?<compare>==|!=|<=|>=|<|>)|(?<mark>[()])|(?<word>[A-Za-z_]\w*))/y
const mirrored: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

type Token = { kind: string; text: string }
type Side = { column: string } | { value: string; type: 'number' | 'text' | 'boolean' }

/**
 * A filter as a condition of SQL. Comparisons of a column with a value, joined by and, or, not and parentheses; anything more
 * is refused. A comparison with a missing value is false.
 */
export function filterCondition(text: string, relation: Relation): string {
  const refuse = (why: string): never => {
    throw refusal(
      `filter: ${JSON.stringify(text)}: ${why}. Done here: col("x") > 1, ==, !=, <, <=, >, >= with a number, text, True or False, joined by and, or, not and parentheses`,
      'do the rest in your script',
    )
  }
  const tokens = tokensOf(text, refuse)
  let at = 0
  let depth = 0
  const isNext = (kind: string, word: string) => tokens[at]?.kind === kind && tokens[at]?.text === word
  const joined = (word: string, part: () => string): string => {
    const parts = [part()]
    while (isNext('word', word)) {
      at++
      parts.push(part())
    }
    return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(` ${word} `)})`
  }
  const either = (): string => joined('or', () => joined('and', single))
  const single = (): string => {
    if (++depth > 200) refuse('it is nested too deeply')
    if (isNext('word', 'not')) {
      at++
      return `(not ${single()})`
    }
    if (!isNext('mark', '(')) return comparison()
    at++
    const inner = either()
    if (!isNext('mark', ')')) refuse('a closing parenthesis is missing')
    at++
    return inner
  }
  const comparison = (): string => {
    const left = side()
    const sign = tokens[at]
    if (sign?.kind !== 'compare') return refuse('a comparison is missing')
    at++
    const right = side()
    if ('column' in left && !('column' in right)) return compared(left.column, sign.text, right, relation, refuse)
    if ('column' in right && !('column' in left))
      return compared(right.column, mirrored[sign.text] ?? sign.text, left, relation, refuse)
    return refuse('one side is a column, the other a value')
  }
  const side = (): Side => {
    const found = sideAt(tokens, at)
    if (found === undefined)
      return refuse(tokens[at] === undefined ? 'it ends too early' : `'${tokens[at]?.text}' is not expected here`)
    at += found.length
    return found.side
  }
  const condition = either()
  if (at < tokens.length) refuse(`'${tokens[at]?.text}' is not expected here`)
  return condition
}

function tokensOf(text: string, refuse: (why: string) => never): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  const end = text.trimEnd().length
  while (token.lastIndex < end) {
    const from = token.lastIndex
    const groups = token.exec(text)?.groups
    const [kind, found] = Object.entries(groups ?? {}).find(([, part]) => part !== undefined) ?? []
    if (kind === undefined || found === undefined) return refuse(`cannot read '${text.slice(from, from + 10)}'`)
    tokens.push({ kind, text: found })
  }
  return tokens
}

function sideAt(tokens: readonly Token[], at: number): { side: Side; length: number } | undefined {
  const [one, two, three, four] = tokens.slice(at, at + 4)
  if (one?.kind === 'number') return { side: { value: one.text, type: 'number' }, length: 1 }
  if (one?.kind === 'text') return { side: { value: one.text.slice(1, -1), type: 'text' }, length: 1 }
  if (one?.kind !== 'word' || ['and', 'or', 'not'].includes(one.text)) return undefined
  if (one.text === 'True' || one.text === 'False') return { side: { value: one.text, type: 'boolean' }, length: 1 }
  if (two?.text !== '(') return { side: { column: one.text }, length: 1 }
  if (one.text !== 'col' || three?.kind !== 'text' || four?.text !== ')') return undefined
  return { side: { column: three.text.slice(1, -1) }, length: 4 }
}

function compared(
  name: string,
  sign: string,
  { value, type }: Exclude<Side, { column: string }>,
  { columns }: Relation,
  refuse: (why: string) => never,
): string {
  const column = columns.find(one => one.name === name)
  if (column === undefined)
    return refuse(`there is no column '${name}'; columns are ${columns.map(one => one.name).join(', ')}`)
  const kind = columnTypeOf(column.type)
  const fits =
    type === 'number'
      ? isNumeric(kind)
      : type === 'boolean'
        ? kind === 'boolean'
        : !isNumeric(kind) && kind !== 'boolean'
  if (!fits) return refuse(`column '${name}' is of type ${kind} and cannot be compared with ${value}`)
  const right = type === 'number' ? `${Number(value)}` : type === 'boolean' ? value.toLowerCase() : literal(value)
  return `coalesce(${identifier(name)} ${sign === '==' ? '=' : sign} ${right}, false)`
}

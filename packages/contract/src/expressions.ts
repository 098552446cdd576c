import { HaganeError } from './core/errors.ts'

/**
 * What an expression names. `job-output` and `job-input` (`${{parent.jobs.<node>.outputs.<name>}}`) are the edges of a
 * pipeline; `other` is any text that is none of the known forms, e.g. `creation_context.trigger_time` of a schedule.
 */
export type ExpressionScope =
  | 'input'
  | 'output'
  | 'search-space'
  | 'parent-input'
  | 'parent-output'
  | 'job-input'
  | 'job-output'
  | 'name'
  | 'default-datastore'
  | 'other'

/** One `${{…}}` in a text. `start` and `end` are offsets, `end` exclusive. */
export interface Expression {
  readonly scope: ExpressionScope
  /** The input, output or parameter; dots of input groups are kept. For `other` the whole inner text. */
  readonly name: string
  /** The pipeline node of a `job-input` or `job-output`. */
  readonly node?: string
  /** As written, `${{ inputs.x }}`. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** Inside `$[[…]]`: the block disappears when there is no value. */
  readonly optional: boolean
}

const forms: [RegExp, ExpressionScope][] = [
  [/^inputs\.(?<name>\S+)$/, 'input'],
  [/^outputs\.(?<name>\S+)$/, 'output'],
  [/^search_space\.(?<name>\S+)$/, 'search-space'],
  [/^parent\.inputs\.(?<name>\S+)$/, 'parent-input'],
  [/^parent\.outputs\.(?<name>\S+)$/, 'parent-output'],
  [/^parent\.jobs\.(?<node>[^\s.]+)\.inputs\.(?<name>\S+)$/, 'job-input'],
  [/^parent\.jobs\.(?<node>[^\s.]+)\.outputs\.(?<name>\S+)$/, 'job-output'],
  [/^(?<name>name)$/, 'name'],
  [/^(?<name>default_datastore)$/, 'default-datastore'],
]

function scopeOf(inner: string): Pick<Expression, 'scope' | 'name' | 'node'> {
  for (const [pattern, scope] of forms) {
    const groups = pattern.exec(inner)?.groups
    if (groups === undefined) continue
    return { scope, name: groups.name ?? '', ...(groups.node === undefined ? {} : { node: groups.node }) }
  }
  return { scope: 'other', name: inner }
}

function expressionsIn(text: string, offset: number, optional: boolean): Expression[] {
  return [...text.matchAll(/\$\{\{([^{}]*)\}\}/g)].map(match => {
    const start = offset + match.index
    return { ...scopeOf((match[1] ?? '').trim()), text: match[0], start, end: start + match[0].length, optional }
  })
}

interface Piece {
  text: string
  start: number
  /** The text between `$[[` and `]]`, without them. */
  block: boolean
}

/** End of the block that opens before `from`: the first `]]` that is not inside an expression, or -1. */
function closingOf(text: string, from: number): number {
  let close = text.indexOf(']]', from)
  let expression = text.indexOf('${{', from)
  while (close !== -1 && expression !== -1 && expression < close) {
    const end = text.indexOf('}}', expression)
    if (end === -1) break
    close = text.indexOf(']]', end + 2)
    expression = text.indexOf('${{', end + 2)
  }
  return close
}

/** Cuts a text into plain text and optional blocks. An opening without an end is plain text. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (let open = text.indexOf('$[['); open !== -1; open = text.indexOf('$[[', at)) {
    const close = closingOf(text, open + 3)
    if (close === -1) break
    pieces.push({ text: text.slice(at, open), start: at, block: false })
    pieces.push({ text: text.slice(open + 3, close), start: open + 3, block: true })
    at = close + 2
  }
  pieces.push({ text: text.slice(at), start: at, block: false })
  return pieces
}

/** Every expression of a text in order, those inside `$[[…]]` marked optional. Shell variables (`$x`, `${x}`) are not ours. */
export function findExpressions(text: string): Expression[] {
  return piecesOf(text).flatMap(piece => expressionsIn(piece.text, piece.start, piece.block))
}

/** The expression that is the whole text (a binding such as `${{parent.inputs.x}}`), else undefined. */
export function wholeExpression(text: string): Expression | undefined {
  const trimmed = text.trim()
  const [first] = expressionsIn(trimmed, 0, false)
  return first !== undefined && first.text === trimmed ? first : undefined
}

/** Optional blocks that hold no expression, e.g. `$[[inputs.x]]`: a slip of the author's that renderText still reads. */
export function findEmptyBlocks(text: string): string[] {
  return piecesOf(text)
    .filter(piece => piece.block && expressionsIn(piece.text, 0, true).length === 0)
    .map(piece => `$[[${piece.text}]]`)
}

/** Openings of expressions and optional blocks without an end, as far as their line goes: slips, which stay plain text. */
export function findUnclosed(text: string): { readonly opening: '${{' | '$[['; readonly text: string }[] {
  const rest = piecesOf(text).at(-1)
  const block = rest === undefined ? -1 : rest.text.indexOf('$[[')
  const blocks = block === -1 ? [] : [{ opening: '$[[' as const, text: lineFrom(rest?.text ?? '', block) }]
  const expressions = [...text.matchAll(/\$\{\{(?![^{}]*\}\})/g)].map(({ index }) => ({
    opening: '${{' as const,
    text: lineFrom(text, index),
  }))
  return [...expressions, ...blocks]
}

const lineFrom = (text: string, start: number): string => text.slice(start, start + 60).split('\n', 1)[0] ?? ''

type Resolve = (expression: Expression) => string | undefined

/** Substitutes what resolve answers; undefined as soon as one expression has no value. */
function substitute(text: string, expressions: Expression[], offset: number, resolve: Resolve): string | Expression {
  let result = ''
  let at = 0
  for (const expression of expressions) {
    const value = resolve(expression)
    if (value === undefined) return expression
    result += text.slice(at, expression.start - offset) + value
    at = expression.end - offset
  }
  return result + text.slice(at)
}

function renderBlock(piece: Piece, resolve: Resolve): string {
  const expressions = expressionsIn(piece.text, piece.start, true)
  if (expressions.length > 0) {
    const rendered = substitute(piece.text, expressions, piece.start, resolve)
    return typeof rendered === 'string' ? rendered : ''
  }
  const [bare] = expressionsIn(`\${{${piece.text}}}`, piece.start, true)
  return (bare?.scope === 'input' ? resolve(bare) : undefined) ?? piece.text
}

/**
 * Replaces every expression by its value as raw text, without quoting, and never looks into the values again.
 * `$[[…]]` keeps its inner text when all its expressions have values and disappears otherwise; a block without an
 * expression prints its inner text, or for the slip `$[[inputs.x]]` the value of x when there is one. An expression
 * outside a block for which `resolve` answers undefined throws `invalid` and is named.
 */
export function renderText(text: string, resolve: Resolve): string {
  return piecesOf(text)
    .map(piece => {
      if (piece.block) return renderBlock(piece, resolve)
      const rendered = substitute(piece.text, expressionsIn(piece.text, piece.start, false), piece.start, resolve)
      if (typeof rendered === 'string') return rendered
      throw new HaganeError('invalid', `no value for ${rendered.text}`, {
        hint: `give it a value, or write $[[ … ${rendered.text} ]] to leave that part out when there is none`,
        details: [{ property: rendered.text, message: `no value for ${rendered.text}`, sent: text.slice(0, 200) }],
      })
    })
    .join('')
}

/** Python's repr of a float: https://docs.python.org/3/library/functions.html#repr, exponents from 1e16 and below 1e-4. */
function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (Number.isInteger(value) ? size < 1e21 : size >= 1e-4) return Object.is(value, -0) ? '-0.0' : String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, (_, sign: string, digit: string) => `e${sign}0${digit}`)
}

function pythonRepr(value: unknown): string {
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
    const escaped = value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')
    return quote + (quote === "'" ? escaped.replace(/'/g, "\\'") : escaped) + quote
  }
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${pythonRepr(key)}: ${pythonRepr(item)}`)
      .join(', ')}}`
  }
  return pythonText(value)
}

/**
 * The text Azure ML puts on a command line for a literal: Python's `str(value)`. True, False and None are capitalised,
 * text is itself, lists and maps are printed as Python does. A whole number prints without `.0`: where the source said
 * `1.0` the manifest sends text.
 */
export function pythonText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return pythonNumber(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return value === null || value === undefined ? 'None' : pythonRepr(value)
}

import { invalidParameter } from '../wire/mlflow-error.ts'
import { pythonRepr, pythonSet } from '../wire/python-text.ts'
import {
  type Comparison,
  type Entity,
  type Grammar,
  numericOperators,
  type Operator,
  textOperators,
} from './grammar.ts'
import { isKeyword, type Token, tokenize, unquote } from './tokens.ts'

const MAX_LENGTH = 100_000
const displayName: Record<Entity, string> = {
  metric: 'metric',
  param: 'parameter',
  tag: 'tag',
  attribute: 'attribute',
  dataset: 'dataset',
}

const invalidClause = (text: string) => invalidParameter(`Invalid clause(s) in filter string: '${text}'`)

/**
 * Parses MLflow's filter language: comparisons joined by AND, nothing else. Throws INVALID_PARAMETER_VALUE with the text of
 * MLflow's own parser (mlflow/utils/search_utils.py) where a client may look at it.
 */
export function parseFilter(filter: string | undefined, grammar: Grammar): Comparison[] {
  if (filter === undefined || filter.trim() === '') return []
  if (filter.length > MAX_LENGTH) throw invalidParameter(`The filter string is longer than ${MAX_LENGTH} characters.`)
  const tokens = tokenize(filter, 'filter string')
  refuseStatements(filter, tokens)
  const comparisons: Comparison[] = []
  let at = 0
  for (;;) {
    const { comparison, next } = comparisonAt(filter, tokens, at, grammar)
    comparisons.push(comparison)
    const token = tokens[next]
    if (token === undefined) return comparisons
    if (!isKeyword(token, 'AND')) throw invalidClause(token.text)
    at = next + 1
  }
}

function refuseStatements(filter: string, tokens: readonly Token[]): void {
  const semicolon = tokens.findIndex(token => token.kind === 'semicolon')
  if (semicolon === -1) return
  if (semicolon === tokens.length - 1) throw invalidClause(';')
  throw invalidParameter(
    `Search filter contained multiple expression ${pythonRepr(filter)}. Provide AND-ed expression list.`,
  )
}

interface Parsed {
  comparison: Comparison
  next: number
}

function comparisonAt(filter: string, tokens: readonly Token[], at: number, grammar: Grammar): Parsed {
  const first = tokens[at]
  if (first === undefined) throw invalidParameter(`Invalid filter '${filter}'. Could not be parsed.`)
  if (first.kind === 'open') throw invalidClause(groupText(filter, tokens, at))
  const isIdentifier = first.kind === 'word' || (first.kind === 'string' && first.text.startsWith('"'))
  if (!isIdentifier || isKeyword(first, 'AND', 'OR', 'NOT')) throw invalidClause(first.text)
  const { operator, text, next } = operatorAt(filter, tokens, at + 1, first)
  const { entity, key } = identify(first.text, grammar.attributes, grammar)
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') {
    if (!grammar.nullable.includes(entity)) throw notNullable(entity, key, grammar)
    return { comparison: { entity, key, operator, value: null }, next }
  }
  const { value, after } = valueAt(filter, tokens, next, entity, key, grammar)
  const known = checkedOperator(operator, text, entity, key, grammar)
  if (Array.isArray(value) !== (known === 'IN' || known === 'NOT IN')) throw invalidOperator(text, entity, key, grammar)
  return { comparison: { entity, key, operator: known, value } as Comparison, next: after }
}

function operatorAt(filter: string, tokens: readonly Token[], at: number, left: Token) {
  const token = tokens[at]
  if (token === undefined) throw invalidClause(left.text)
  if (token.kind === 'operator') return { operator: token.text, text: token.text, next: at + 1 }
  if (isKeyword(token, 'LIKE', 'ILIKE', 'IN'))
    return { operator: token.text.toUpperCase(), text: token.text, next: at + 1 }
  if (isKeyword(token, 'NOT') && isKeyword(tokens[at + 1], 'IN'))
    return { operator: 'NOT IN', text: 'NOT IN', next: at + 2 }
  if (isKeyword(token, 'IS') && isKeyword(tokens[at + 1], 'NULL'))
    return { operator: 'IS NULL', text: 'IS NULL', next: at + 2 }
  if (isKeyword(token, 'IS') && isKeyword(tokens[at + 1], 'NOT') && isKeyword(tokens[at + 2], 'NULL'))
    return { operator: 'IS NOT NULL', text: 'IS NOT NULL', next: at + 3 }
  throw invalidClause(`${left.text}', '${filter.slice(token.start)}`)
}

/** `entity.key` or a bare attribute, as entity and canonical key. */
export function identify(
  text: string,
  attributes: Readonly<Record<string, unknown>>,
  grammar: Grammar,
): { entity: Entity; key: string } {
  const dot = /^[`"]/.test(text) ? -1 : text.indexOf('.')
  const word = dot === -1 ? 'attribute' : text.slice(0, dot)
  const entity = Object.hasOwn(grammar.entities, word) ? grammar.entities[word] : dot === -1 ? 'attribute' : undefined
  if (entity === undefined) throw invalidParameter(grammar.invalidEntity(word))
  const key = unquote(text.slice(dot + 1))
  if (entity === 'attribute') {
    const known = Object.hasOwn(attributes, key) ? attributes[key] : undefined
    if (known === undefined)
      throw invalidParameter(
        `Invalid attribute key '${key}' specified. Valid keys are '${pythonSet(Object.keys(attributes))}'`,
      )
    return { entity, key: typeof known === 'string' ? known : (known as { name: string }).name }
  }
  if (entity === 'dataset' && !grammar.datasetKeys.includes(key))
    throw invalidParameter(`Invalid dataset key '${key}' specified. Valid keys are '${pythonSet(grammar.datasetKeys)}'`)
  return { entity, key }
}

const isNumeric = (entity: Entity, key: string, grammar: Grammar): boolean =>
  entity === 'metric' || (entity === 'attribute' && grammar.attributes[key]?.type === 'number')

function valueAt(filter: string, tokens: readonly Token[], at: number, entity: Entity, key: string, grammar: Grammar) {
  const token = tokens[at]
  if (token === undefined) throw invalidClause(filter.trim())
  const shown = token.kind === 'open' ? groupText(filter, tokens, at) : token.text
  if (isNumeric(entity, key, grammar)) {
    if (token.kind === 'number') return { value: Number(token.text), after: at + 1 }
    const what = entity === 'metric' ? 'metric' : `numeric attribute: ${key}`
    throw invalidParameter(`Expected numeric value type for ${what}. Found ${shown}`)
  }
  if (token.kind === 'string') return { value: unquote(token.text), after: at + 1 }
  if (token.kind === 'word' && token.text.startsWith('`'))
    throw invalidParameter(
      `Parameter value is either not quoted or unidentified quote types used for string value ${token.text}. Use either single or double quotes.`,
    )
  if (token.kind === 'open' && grammar.listEntities.includes(entity))
    return listAt(filter, tokens, at, entity, key, grammar)
  if (entity === 'attribute')
    throw invalidParameter(`Expected a quoted string value for attributes. Got value ${shown}`)
  if (entity === 'dataset')
    throw invalidParameter(`Expected a quoted string value for dataset attributes. Got value ${shown}`)
  throw invalidParameter(
    `Expected a quoted string value for ${displayName[entity]} (e.g. 'my-value'). Got value ${shown}`,
  )
}

const groupText = (filter: string, tokens: readonly Token[], at: number): string => {
  const close = tokens.findIndex((token, i) => i > at && token.kind === 'close')
  return filter.slice(tokens[at]?.start, close === -1 ? undefined : tokens[close]?.end)
}

function listAt(filter: string, tokens: readonly Token[], at: number, entity: Entity, key: string, grammar: Grammar) {
  if (entity === 'attribute' && !grammar.listAttributes.includes(key))
    throw invalidParameter(
      `Only [${[...grammar.listAttributes].sort().map(pythonRepr).join(', ')}] attributes support comparison with a list of quoted string values.`,
    )
  const value: string[] = []
  for (let i = at + 1; i < tokens.length; i++) {
    const token = tokens[i] as Token
    if (token.kind === 'close' && (value.length > 0 || i === at + 1)) return { value: nonEmpty(value), after: i + 1 }
    if (token.kind === 'comma' && value.length > 0) continue
    if (token.kind === 'number')
      throw invalidParameter(
        `While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: ${groupText(filter, tokens, at)}`,
      )
    if (token.kind !== 'string') break
    value.push(unquote(token.text))
  }
  throw invalidParameter(
    'While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list.',
  )
}

function nonEmpty(value: string[]): string[] {
  if (value.length > 0) return value
  throw invalidParameter(
    'While parsing a list in the query, expected a non-empty list of string values, but got empty list',
  )
}

function operatorsFor(entity: Entity, key: string, grammar: Grammar): readonly Operator[] {
  if (isNumeric(entity, key, grammar)) return numericOperators
  return [
    ...textOperators,
    ...(grammar.listEntities.includes(entity) ? (['IN', 'NOT IN'] as const) : []),
    ...(grammar.nullable.includes(entity) ? (['IS NULL', 'IS NOT NULL'] as const) : []),
  ]
}

const invalidOperator = (text: string, entity: Entity, key: string, grammar: Grammar) =>
  invalidParameter(`Invalid comparator '${text}' not one of '${pythonSet(operatorsFor(entity, key, grammar))}'`)

function checkedOperator(operator: string, text: string, entity: Entity, key: string, grammar: Grammar): Operator {
  const known = operatorsFor(entity, key, grammar).find(candidate => candidate === operator)
  if (known === undefined) throw invalidOperator(text, entity, key, grammar)
  return known
}

function notNullable(entity: Entity, key: string, grammar: Grammar) {
  const plural = { tag: 'tags', param: 'params', metric: 'metrics', attribute: 'attributes', dataset: 'datasets' }
  const valid = grammar.nullable.map(one => plural[one]).join(' and ')
  return invalidParameter(
    valid === ''
      ? `IS NULL / IS NOT NULL is not supported here, sent for '${displayName[entity]}' '${key}'`
      : `IS NULL / IS NOT NULL is only supported for ${valid}, not for '${displayName[entity]}' '${key}'`,
  )
}

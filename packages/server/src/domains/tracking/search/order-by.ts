import { invalidParameter } from '../wire/mlflow-error.ts'
import { pythonList } from '../wire/python-text.ts'
import { identify } from './filter.ts'
import type { Grammar, OrderBy } from './grammar.ts'
import { isKeyword, type Token, tokenize } from './tokens.ts'

/** Parses MLflow's order_by clauses, one field each with ASC or DESC. The same field twice is refused. */
export function parseOrderBy(clauses: readonly string[], grammar: Grammar): OrderBy[] {
  const parsed = clauses.map(clause => parseClause(clause, grammar))
  const names = parsed.map(({ entity, key }) => `${entity}.${key}`)
  if (new Set(names).size < names.length)
    throw invalidParameter(`\`order_by\` contains duplicate fields: ${pythonList(clauses)}`)
  return parsed
}

function parseClause(clause: string, grammar: Grammar): OrderBy {
  const unparsed = invalidParameter(`Invalid order_by clause '${clause}'. Could not be parsed.`)
  const tokens = tokensOf(clause, unparsed)
  const [field, direction, ...rest] = tokens
  const isField = field?.kind === 'word' || field?.text.startsWith('"')
  if (field === undefined || !isField || rest.length > 0) throw unparsed
  if (direction !== undefined && direction.kind !== 'word') throw unparsed
  if (direction !== undefined && !isKeyword(direction, 'ASC', 'DESC'))
    throw invalidParameter(`Invalid ordering key in order_by clause '${clause}'.`)
  const { entity, key } = identify(field.text, grammar.orderable, grammar)
  if (!grammar.orderEntities.includes(entity)) throw invalidParameter(`Invalid identifier type '${entity}'`)
  return { entity, key, ascending: !isKeyword(direction, 'DESC') }
}

function tokensOf(clause: string, unparsed: Error): Token[] {
  try {
    return tokenize(clause, 'order_by')
  } catch {
    throw unparsed
  }
}

import { HaganeError } from '@hagane/contract'
import { Environment } from '@marcbachmann/cel-js'

/** A condition over named values: true, false, or the reason why it cannot be told (a value that is not there, other types). */
export type Condition = (values: Readonly<Record<string, unknown>>) => { holds: boolean } | { problem: string }

const cel = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 2000, maxDepth: 64, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 32 },
})

/**
 * Compiles a condition in CEL (Common Expression Language, github.com/google/cel-spec). Throws `invalid` with the place of a
 * mistake, named after `property`.
 */
export function compileCondition(text: string, property: string): Condition {
  const evaluate = parsed(text, property)
  return values => {
    try {
      const result = evaluate(values)
      return typeof result === 'boolean'
        ? { holds: result }
        : { problem: `it gives ${kindOf(result)}, not true or false` }
    } catch (error) {
      return { problem: firstLine(error) }
    }
  }
}

/** An expression over named values: what it comes to, or the reason why it cannot be told. */
export type Expression = (values: Readonly<Record<string, unknown>>) => { value: unknown } | { problem: string }

/** Compiles an expression in CEL whose value is wanted, as JSON has it. Throws `invalid` like compileCondition. */
export function compileExpression(text: string, property: string): Expression {
  const evaluate = parsed(text, property)
  return values => {
    try {
      return { value: asJson(evaluate(values)) }
    } catch (error) {
      return { problem: firstLine(error) }
    }
  }
}

/** CEL has whole numbers of its own, and maps. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), asJson(item)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]))
}

function parsed(text: string, property: string): (values: Record<string, unknown>) => unknown {
  try {
    return cel.parse(text) as (values: Record<string, unknown>) => unknown
  } catch (error) {
    throw new HaganeError('invalid', `${property} is not a condition: ${firstLine(error)}`, {
      details: [{ property, message: String((error as Error).message), sent: text, allowed: 'a CEL expression' }],
      hint: 'for example: event.data.status == "Failed"',
    })
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`

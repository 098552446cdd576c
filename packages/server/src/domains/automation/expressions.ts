import { HaganeError } from '@hagane/contract'
import { compileExpression } from '../../kernel/conditions.ts'

/** What expressions of a rule may name. */
export interface Values extends Readonly<Record<string, unknown>> {
  event: Record<string, unknown>
  actions: Record<string, unknown>
  rule: { name: string }
  run: Record<string, unknown>
}

const pattern = /\$\{\{([^{}]*)\}\}/g
/** One of the names of a rule at the beginning of a path. All other expressions are left to the job. */
const ours = /(?:^|[^.\w"'])(?:event|actions|rule|run)\s*[.[]/

/** Answers true for an expression that is to stay as it is. */
export type Keep = (expression: string) => boolean
const keepNone: Keep = () => false

/**
 * Fills `${{…}}` over event, actions, rule and run in every text of a value. A text that is one expression alone becomes what
 * the expression gives, with its type; within a text, values are written as text, maps and lists as JSON. Throws invalid, named
 * after `property`, for an expression that comes to nothing.
 */
export function render(value: unknown, values: Values, property: string, keep: Keep = keepNone): unknown {
  if (typeof value === 'string') return renderText(value, values, property, keep)
  if (Array.isArray(value)) return value.map((item, i) => render(item, values, `${property}.${i}`, keep))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, render(item, values, `${property}.${key}`, keep)]),
  )
}

function renderText(text: string, values: Values, property: string, keep: Keep): unknown {
  const whole = /^\s*\$\{\{([^{}]*)\}\}\s*$/.exec(text)?.[1]
  if (whole !== undefined && ours.test(whole)) return keep(whole) ? text : comesTo(whole, values, property)
  return text.replace(pattern, (written, expression: string) =>
    !ours.test(expression) || keep(expression) ? written : asText(comesTo(expression, values, property)),
  )
}

function comesTo(expression: string, values: Values, property: string): unknown {
  const told = compileExpression(expression.trim(), property)(values)
  if ('value' in told && told.value !== undefined) return told.value
  const problem = 'problem' in told ? told.problem : 'it gives nothing'
  throw new HaganeError('invalid', `${property}: no value for \${{${expression}}}: ${problem}`, {
    details: [{ property, message: problem, sent: expression.trim() }],
    hint: '`hagane event list` shows what events carry, `hagane rule test --event <seq>` what becomes of a rule on one',
  })
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Every expression of a rule in a value, with the property it stands in. */
export function expressionsIn(value: unknown, property: string): { expression: string; property: string }[] {
  if (typeof value === 'string')
    return [...value.matchAll(pattern)]
      .map(match => match[1] ?? '')
      .filter(expression => ours.test(expression))
      .map(expression => ({ expression: expression.trim(), property }))
  if (Array.isArray(value)) return value.flatMap((item, i) => expressionsIn(item, `${property}.${i}`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => expressionsIn(item, `${property}.${key}`))
}

/** Stands for an expression where a value is checked before it is known. */
const KNOWN_LATER = 'known-later'

/** A value whose expressions are not known yet, with a stand-in for each, which passes for a name. */
export function withStandIns(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(pattern, (written, expression: string) => (ours.test(expression) ? KNOWN_LATER : written))
  if (Array.isArray(value)) return value.map(withStandIns)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withStandIns(item)]))
}

/** Whether a text has a stand-in in it. */
export const isOpen = (text: string): boolean => text.includes(KNOWN_LATER)

/** The actions that an expression or a condition names. */
export const actionsNamed = (expression: string): string[] =>
  [...expression.matchAll(/(?<![.\w])actions\s*(?:\.\s*(\w+)|\[\s*["'](\w+)["']\s*\])/g)].map(
    match => match[1] ?? match[2] ?? '',
  )

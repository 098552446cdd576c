import { z } from 'zod'

interface Field {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly words?: readonly string[]
  /** `L`, the last day of the month. */
  readonly last?: boolean
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31, last: true },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'day of week', from: 0, to: 7, words: weekdays },
]

function numberOf(text: string, { from, to, words = [] }: Field): number | undefined {
  const word = words.indexOf(text.toLowerCase())
  const value = word !== -1 ? word + from : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= from && value <= to ? value : undefined
}

/** Is `5`, `1-5`, `*`, with or without `/n`, or `L` where it may stand. */
function isItem(item: string, field: Field): boolean {
  if (item === 'L') return field.last === true
  const [range = '', step, ...more] = item.split('/')
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d{0,2}$/.test(step))) return false
  if (range === '*') return true
  const [first = '', last, ...rest] = range.split('-')
  const [from, to] = [numberOf(first, field), last === undefined ? undefined : numberOf(last, field)]
  // a step needs something to step through: `5/10` is written 5-59/10
  if (last === undefined) return from !== undefined && step === undefined
  return rest.length === 0 && from !== undefined && to !== undefined && from <= to
}

/** What is wrong with a cron expression of five fields, in the words of its author; undefined when it is one. */
function faultOf(expression: string): string | undefined {
  const texts = expression.trim().split(/\s+/)
  if (texts.length !== fields.length)
    return `a cron expression has five fields (minute hour day-of-month month day-of-week), this has ${texts.length}`
  for (const [i, field] of fields.entries()) {
    const wrong = texts[i]?.split(',').find(item => !isItem(item, field))
    if (wrong === undefined) continue
    const names = field.words === undefined ? '' : `, ${field.words[0]}-${field.words.at(-1)}`
    return `'${wrong}' is not a ${field.name}: use *, ${field.from}-${field.to}${names}, lists a,b, ranges a-b and steps */n or a-b/n${field.last === true ? ', or L for the last day' : ''}`
  }
  return undefined
}

/** Five fields as in crontab(5): minute, hour, day of month, month, day of week (0 and 7 are Sunday). */
export const cronExpression = z
  .string()
  .max(500)
  .superRefine((text, context) => {
    const fault = faultOf(text)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  })
  .describe('minute hour day-of-month month day-of-week, e.g. "0 2 * * 1-5"')

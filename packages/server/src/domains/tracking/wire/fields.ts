import { invalidParameter, type MlflowError } from './mlflow-error.ts'
import { pythonJson, pythonType } from './python-text.ts'

/**
 * Request messages as MLflow's protos declare them, with the leniency of its JSON parser: int64 as number or text, doubles as
 * text, `null` is absent, unknown members are ignored, both `snake_case` and `lowerCamelCase` names.
 */
export interface Field<T> {
  readonly required: boolean
  /** `undefined` says that the value has another type. */
  readonly read: (value: unknown, path: string) => T | undefined
  readonly list: boolean
}
export type Shape = Record<string, Field<unknown>>
export type Message<S extends Shape> = { [K in keyof S]: S[K] extends Field<infer T> ? T : never }

type Read<T> = (value: unknown, path: string) => T | undefined
const field = <T>(read: Read<T>): Field<T | undefined> => ({ required: false, list: false, read })

const DOCS = 'See the API docs for more information about request parameters.'
export const missing = (path: string): MlflowError =>
  invalidParameter(`Missing value for required parameter '${path}'. ${DOCS}`)
export const wrongType = (path: string, value: unknown): MlflowError =>
  invalidParameter(
    `Invalid value ${pythonJson(value)} for parameter '${path}' supplied:  Hint: Value was of type '${pythonType(value)}'. ${DOCS}`,
  )

const readText: Read<string> = value => (typeof value === 'string' ? value : undefined)
const readFlag: Read<boolean> = value => {
  if (typeof value === 'boolean') return value
  const text = typeof value === 'string' ? value.toLowerCase() : ''
  return text === 'true' ? true : text === 'false' ? false : undefined
}

/** An int64: a number, its text, a float with its fraction cut, or a boolean. Beyond 2^53 it is refused, not rounded. */
export const readInteger: Read<number> = value => {
  if (typeof value === 'boolean') return Number(value)
  const number =
    typeof value === 'string' ? (/^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : Number.NaN) : (value as number)
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
  const whole = Math.trunc(number)
  return Number.isSafeInteger(whole) ? whole + 0 : undefined
}

/** A double: a number, its text, or NaN and ±Infinity by name. */
export const readDouble: Read<number> = value => {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  const special = /^([+-]?)(?:inf(?:inity)?|(nan))$/i.exec(text)
  if (special === null) return undefined
  return special[2] !== undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity
}

export const text = field(readText)
export const integer = field(readInteger)
export const double = field(readDouble)
export const flag = field(readFlag)

/** An enum, by name or number. */
export const choice = <const N extends string>(numbers: Record<N, number>): Field<N | undefined> =>
  field(value => {
    if (typeof value === 'string' && Object.hasOwn(numbers, value)) return value as N
    const number = readInteger(value, '')
    return (Object.keys(numbers) as N[]).find(name => numbers[name] === number)
  })

/** A required field: absent, null and the empty text are refused alike. */
export const required = <T>(inner: Field<T>): Field<NonNullable<T>> =>
  ({ ...inner, required: true }) as Field<NonNullable<T>>

/** A repeated field; absent is the empty list. */
export const list = <T>(inner: Field<T>): Field<NonNullable<T>[]> => ({
  required: false,
  list: true,
  read: (value, path) => {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) return undefined
    return value.map((item, i) => {
      const parsed = inner.read(item, `${path}[${i}]`)
      if (parsed === undefined || parsed === null) throw wrongType(`${path}[${i}]`, item)
      return parsed
    })
  },
})

/** A nested message. */
export const message = <S extends Shape>(shape: S): Field<Message<S> | undefined> =>
  field((value, path) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? readMessage(shape, value as Record<string, unknown>, path)
      : undefined,
  )

const camel = (name: string): string => name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())
const isAbsent = (value: unknown): boolean => value === undefined || value === null

function rawValue(name: string, from: Record<string, unknown>): unknown {
  const value = from[name] ?? from[camel(name)]
  return name === 'run_id' && (isAbsent(value) || value === '') ? (from.run_uuid ?? from.runUuid ?? value) : value
}

/** Reads a message or throws INVALID_PARAMETER_VALUE with MLflow's text, for the first bad field in the order of the shape. */
export function readMessage<S extends Shape>(shape: S, from: Record<string, unknown>, path = ''): Message<S> {
  const result: Record<string, unknown> = {}
  for (const [name, declared] of Object.entries(shape)) {
    const value = rawValue(name, from)
    const where = path === '' ? name : `${path}.${name}`
    const absent = isAbsent(value)
    if (declared.required && (absent || value === '')) throw missing(where)
    if (absent && !declared.list) continue
    const parsed = declared.read(value, where)
    if (parsed === undefined) throw wrongType(where, value)
    if (declared.required && Array.isArray(parsed) && parsed.length === 0) throw missing(where)
    result[name] = parsed
  }
  return result as Message<S>
}

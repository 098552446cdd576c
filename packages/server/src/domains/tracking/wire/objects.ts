import { wrongType } from './fields.ts'

/** A list of JSON objects; undefined when the value is no list. `name` is its path in messages. */
export const objects = (value: unknown, name: string): Record<string, unknown>[] | undefined => {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return undefined
  value.forEach((item: unknown, i) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) throw wrongType(`${name}[${i}]`, item)
  })
  return value as Record<string, unknown>[]
}

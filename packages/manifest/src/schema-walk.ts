import { z } from 'zod'
import { isMap, own, type Pointer } from './tree.ts'

export type Schema = z.core.$ZodType

/** The concrete schemas behind optional, default, lazy, pipe and union. */
function unwrap(schema: Schema): Schema[] {
  const def = schema._zod.def as z.core.$ZodTypeDef & Record<string, unknown>
  if (def.type === 'union') return (def.options as Schema[]).flatMap(unwrap)
  if (def.type === 'lazy') return unwrap((def.getter as () => Schema)())
  if (def.type === 'pipe') return unwrap(def.in as Schema)
  if (def.innerType !== undefined) return unwrap(def.innerType as Schema)
  return [schema]
}

/** False for an object schema whose `type` literal is another than the value's. */
function meantFor(schema: Schema, value: unknown): boolean {
  if (!(schema instanceof z.ZodObject) || !isMap(value)) return true
  const type = own(value, 'type')
  const declared: unknown = schema.shape.type
  if (typeof type !== 'string' || !(declared instanceof z.ZodType)) return true
  return unwrap(declared).some(option => z.safeParse(option, type).success)
}

function childrenOf(schema: Schema, key: string | number): Schema[] {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? [schema.shape[key]] : []
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  return schema instanceof z.ZodArray ? [schema.element] : []
}

/** The concrete schemas of a value; where a union is told apart by `type`, only the one that is meant. */
export const schemasOf = (schema: z.ZodType, value: unknown): Schema[] =>
  unwrap(schema).filter(option => meantFor(option, value))

/** The schemas of a child, from those of the map or list that holds it. */
export function childSchemas(schemas: readonly Schema[], key: string | number, child: unknown): Schema[] {
  return schemas
    .flatMap(option => childrenOf(option, key))
    .flatMap(unwrap)
    .filter(option => meantFor(option, child))
}

/** Every schema that may apply at a pointer. */
export function schemasAt(schema: z.ZodType, pointer: Pointer, root: unknown): Schema[] {
  let schemas = schemasOf(schema, root)
  let value = root
  for (const key of pointer) {
    value = isMap(value) ? own(value, String(key)) : Array.isArray(value) ? value[Number(key)] : undefined
    schemas = childSchemas(schemas, key, value)
  }
  return schemas
}

/** The property names that object schemas know, without `$schema`. */
export function knownKeys(schemas: readonly Schema[]): string[] {
  const keys = schemas.flatMap(option => (option instanceof z.ZodObject ? Object.keys(option.shape) : []))
  return [...new Set(keys)].filter(key => key !== '$schema')
}

/** The texts that enumerations and literals at a pointer allow, whatever the value now is. */
export function allowedTexts(schema: z.ZodType, pointer: Pointer): string[] {
  const texts = schemasAt(schema, pointer, undefined).flatMap(option => {
    if (option instanceof z.ZodEnum) return option.options
    return option instanceof z.ZodLiteral ? [...option.values] : []
  })
  return [...new Set(texts.map(String))]
}

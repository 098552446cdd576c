/** A YAML mapping as a plain object. Keys are users' text: read them with `own`, never with a bare index. */
export type YamlMap = Record<string, unknown>
/** Keys from the root of a resource to a value. */
export type Pointer = readonly (string | number)[]

export const isMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The map's own value; undefined for what objects inherit, such as `constructor`. */
export const own = (map: YamlMap, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined)

/** The value at a pointer, or undefined where it leads nowhere. */
export function valueAt(root: unknown, pointer: Pointer): unknown {
  return pointer.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)]
    return isMap(value) ? own(value, String(key)) : undefined
  }, root)
}

/** The file that a part of the tree was read from. Relative paths in it start from `directory`. */
export interface Home {
  readonly file: string
  readonly directory: string
  /** The files that led here by inclusion, this one last. */
  readonly chain: readonly string[]
}

/** One map of the tree under expansion, and where it stands. The map is changed in place. */
export interface Cursor {
  readonly map: YamlMap
  readonly pointer: Pointer
  readonly home: Home
}

/** The cursor of a child that is a map. */
export function mapAt(cursor: Cursor, key: string): Cursor | undefined {
  const value = own(cursor.map, key)
  return isMap(value) ? { map: value, pointer: [...cursor.pointer, key], home: cursor.home } : undefined
}

export const propertyName = (pointer: Pointer): string => pointer.map(String).join('.')

import { isAlias, isScalar, isSeq, isMap as isYamlMap, type Pair } from 'yaml'
import type { Origins, Place } from './origins.ts'
import { Problems, refusal } from './problems.ts'
import { isMap, propertyName, type YamlMap } from './tree.ts'

const largestTree = 200_000
const deepestTree = 200

export const templateHint =
  'a template such as {{NAME}} has to be filled in before the file is YAML; quote a text that starts with {'

/** Turns YAML nodes into plain values. Every alias gets a copy, so that parts can be changed one by one. */
export class YamlReader {
  #nodes = 0
  readonly #origins: Origins
  readonly #placeOf: (offset: number) => Place
  readonly #anchors = new Map<string, unknown>()
  readonly #repeated = new Problems()
  readonly #path: (string | number)[] = []

  constructor(origins: Origins, placeOf: (offset: number) => Place) {
    this.#origins = origins
    this.#placeOf = placeOf
  }

  /** The tree below a node. Throws `invalid` with every key that is written twice in one map. */
  tree(node: unknown): unknown {
    const tree = this.value(node, 0)
    this.#repeated.throwIfAny()
    return tree
  }

  value(node: unknown, depth: number): unknown {
    const place = this.#placeOfNode(node)
    if (++this.#nodes > largestTree) throw refusal({ message: 'the YAML holds too many values' }, place)
    if (depth > deepestTree) throw refusal({ message: 'the YAML is nested too deeply or contains itself' }, place)
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source)
      if (target === undefined)
        throw refusal({ message: `no anchor '&${node.source}' stands before this alias` }, place)
      return this.value(target, depth + 1)
    }
    const anchor = (node as { anchor?: string } | null)?.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, node)
    if (isYamlMap(node)) return this.#map(node.items, place, depth)
    if (isSeq(node)) return this.#list(node.items, place, depth)
    return isScalar(node) ? this.#scalar(node.value, place) : null
  }

  #scalar(value: unknown, place: Place): unknown {
    if (typeof value === 'string' && value.includes('\0')) {
      throw refusal({ message: 'a text holds the NUL character', hint: 'remove it' }, place)
    }
    return typeof value === 'bigint' ? Number(value) : value
  }

  #list(items: readonly unknown[], place: Place, depth: number): unknown[] {
    const list: unknown[] = []
    this.#origins.begin(list, place)
    for (const [index, item] of items.entries()) {
      list.push(this.#below(index, item, depth))
      this.#mark(list, index, this.#placeOfNode(item), item)
    }
    return list
  }

  #map(pairs: readonly Pair[], place: Place, depth: number): YamlMap {
    const map: YamlMap = {}
    this.#origins.begin(map, place)
    const written = new Map<string, Place>()
    for (const pair of pairs) {
      const keyPlace = this.#placeOfNode(pair.key)
      const key = this.#key(pair.key, keyPlace)
      this.#refuseRepeated(key, keyPlace, written)
      const value = this.#below(key, pair.value, depth)
      if (key === '<<' && this.#merge(map, value)) continue
      map[key] = value
      this.#mark(map, key, keyPlace, pair.value)
    }
    return map
  }

  #below(key: string | number, node: unknown, depth: number): unknown {
    this.#path.push(key)
    const value = this.value(node, depth + 1)
    this.#path.pop()
    return value
  }

  /** YAML forbids it, and the value that would be dropped is as likely the right one. Several `<<` are usual. */
  #refuseRepeated(key: string, place: Place, written: Map<string, Place>): void {
    const first = written.get(key)
    written.set(key, first ?? place)
    if (first === undefined || key === '<<') return
    const property = propertyName([...this.#path, key])
    const message = `'${key}' is written twice, first in line ${first.line}`
    this.#repeated.error({ property, message, hint: `keep one of the lines ${first.line} and ${place.line}` }, place)
  }

  #key(node: unknown, place: Place): string {
    if (!isScalar(node)) {
      throw refusal(
        {
          message: 'a key must be a text',
          hint: templateHint,
        },
        place,
      )
    }
    const key = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
    if (key === '' && node.value === null) throw refusal({ message: 'a key is missing before the colon' }, place)
    if (key === '__proto__') throw refusal({ message: `the key '${key}' is not allowed`, property: key }, place)
    this.#scalar(key, place)
    return key
  }

  /** `<<: *base`: keys that the map has of its own win. False when the value cannot be merged. */
  #merge(map: YamlMap, value: unknown): boolean {
    const sources = Array.isArray(value) ? value : [value]
    if (!sources.every(isMap)) return false
    for (const source of sources) {
      for (const key of Object.keys(source)) {
        if (Object.hasOwn(map, key)) continue
        map[key] = source[key]
        this.#origins.copyMark(source, map, key)
      }
    }
    return true
  }

  #mark(container: object, key: string | number, place: Place, node: unknown): void {
    const target = isAlias(node) ? this.#anchors.get(node.source) : node
    const number = isScalar(target) && typeof target.value === 'number' ? target.source : undefined
    this.#origins.mark(container, key, number === undefined ? { place } : { place, number })
  }

  #placeOfNode(node: unknown): Place {
    const range = (node as { range?: [number, number, number] | null } | null)?.range
    return this.#placeOf(range?.[0] ?? 0)
  }
}

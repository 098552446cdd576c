import { pythonText } from '@hagane/contract'
import type { Origins } from './origins.ts'
import { isMap, own, type YamlMap } from './tree.ts'

/**
 * The value of a literal on its way to a command line. Azure ML reads YAML 1.1, where `2e-5` is text, and prints floats
 * as Python does, so `1.0` stays `1.0`. A number whose printed form is not what the author wrote becomes the source text;
 * hexadecimal becomes decimal, as in Python; infinities become `inf`. Other numbers and booleans stay what they are.
 */
export function literalOf(value: number, source: string | undefined): number | string {
  if (!Number.isFinite(value)) return pythonText(value)
  if (source === undefined || /^[-+]?0x/i.test(source) || pythonText(value) === source) return value
  return source
}

/** A version as text: whole numbers without leading zeros, as Python prints them, everything else as written. */
export function versionText(value: number, source: string | undefined): string {
  if (source !== undefined && /^\d+$/.test(source)) return source.replace(/^0+(?=\d)/, '')
  return source ?? String(value)
}

/** Applies `literalOf` to the number at a key, or to each number of the list there. */
export function keepLiteral(origins: Origins, owner: YamlMap, key: string): void {
  const value = own(owner, key)
  if (typeof value === 'number') owner[key] = literalOf(value, origins.numberText(owner, key))
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (typeof item === 'number') value[index] = literalOf(item, origins.numberText(value, index))
    }
  }
}

/** `keepLiteral` for every value of the map at a key: environment variables, tags, properties. */
export function keepLiterals(origins: Origins, owner: YamlMap, key: string): void {
  const values = own(owner, key)
  if (isMap(values)) for (const name of Object.keys(values)) keepLiteral(origins, values, name)
}

export function keepVersion(origins: Origins, owner: YamlMap): void {
  const value = own(owner, 'version')
  if (typeof value === 'number') owner.version = versionText(value, origins.numberText(owner, 'version'))
}

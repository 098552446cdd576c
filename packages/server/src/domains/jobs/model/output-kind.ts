import { literalTypes } from '@hagane/contract'

/** An output that is a value: the command writes it, as text, to the path it is given. */
export const isValue = (type: string | undefined): boolean =>
  (literalTypes as readonly (string | undefined)[]).includes(type)

/** An output whose path is a file; any other is a folder. */
export const isFile = (type: string | undefined): boolean => type === 'uri_file' || isValue(type)

/** What a text says as a boolean, as Python and YAML write it; undefined for any other text. */
export function booleanOf(text: string): boolean | undefined {
  if (/^\s*(true|yes|1)\s*$/i.test(text)) return true
  return /^\s*(false|no|0)\s*$/i.test(text) ? false : undefined
}

import type { ColumnSelector, Conversion, TableDocument } from './document.ts'
import { refusal } from './document.ts'

/** The columns of a table that a selector names; what is not there is left out. */
export function selectedColumns(names: readonly string[], selector: ColumnSelector): string[] {
  if (typeof selector === 'string') return names.filter(name => name === selector)
  if (Array.isArray(selector)) return names.filter(name => selector.includes(name))
  const pattern = expression(selector.pattern, selector.ignore_case)
  return names.filter(name => pattern.test(name) !== selector.invert)
}

function expression(pattern: string, ignoreCase: boolean): RegExp {
  if (pattern.length > 1000) throw refusal('a pattern has at most 1,000 characters')
  try {
    return new RegExp(pattern, ignoreCase ? 'i' : '')
  } catch {
    throw refusal(`'${pattern}' is not a regular expression`)
  }
}

/** The name of a conversion's type and what it says about it. */
export function kindOf({ column_type: type }: Conversion) {
  if (typeof type === 'string') return { kind: type, booleans: undefined, dates: undefined }
  if ('boolean' in type) return { kind: 'boolean' as const, booleans: type.boolean, dates: undefined }
  if ('datetime' in type) return { kind: 'datetime' as const, booleans: undefined, dates: type.datetime }
  return { kind: 'string' as const, booleans: undefined, dates: undefined }
}

/**
 * Columns that a reader leaves as the file's text: those that become a string, a boolean or a date before any filter looks at
 * them, so that "007" as a string stays "007".
 */
export function textColumns({ steps }: TableDocument, names: readonly string[]): string[] {
  const found: string[] = []
  for (const step of steps) {
    if (step.name === 'filter') break
    if (step.name !== 'convert_column_types') continue
    for (const conversion of step.argument)
      if (!['int', 'float'].includes(kindOf(conversion).kind)) found.push(...selectedColumns(names, conversion.columns))
  }
  return found
}

import type { ColumnType } from '@hagane/contract'

/** A type of DuckDB in the few words that hold for every file format. */
export function columnTypeOf(type: string): ColumnType {
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/.test(type)) return 'integer'
  if (/^(DOUBLE|FLOAT|DECIMAL)/.test(type)) return 'number'
  if (type === 'BOOLEAN') return 'boolean'
  if (/^(VARCHAR|ENUM|UUID)/.test(type)) return 'string'
  if (type.startsWith('TIMESTAMP')) return 'timestamp'
  return type === 'DATE' ? 'date' : 'other'
}

export const isNumeric = (type: ColumnType): boolean => type === 'integer' || type === 'number'

/** Types that have an order which means something to a reader. */
export const isOrdered = (type: ColumnType): boolean => isNumeric(type) || type === 'timestamp' || type === 'date'

import { identifier } from '../../sql-text.ts'

/** The words of a column: runs of letters and digits, in small letters. Scripts without spaces give long words. */
export const wordsOf = (name: string): string =>
  `regexp_extract_all(lower(${identifier(name)}::varchar), '[\\p{L}\\p{N}]+')`

/** Characters of a text as a number, NaN where there is none. */
export const lengthOf = (name: string): string => `coalesce(length(${identifier(name)}::varchar)::double, 'nan')`

import { HaganeError, type Page } from '@hagane/contract'

/** An opaque cursor: the sort key of the last row of a page. */
export const encodeCursor = (key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url')

/** The sort key in a cursor, or undefined without one. Throws invalid on a cursor that is not ours. */
export function decodeCursor(cursor: string | undefined, length: number): (string | number)[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (
      Array.isArray(key) &&
      key.length === length &&
      key.every(part =>
        typeof part === 'string' ? !part.includes('\0') && part.isWellFormed() : Number.isFinite(part),
      )
    )
      return key
  } catch {
    // falls through to the refusal
  }
  throw notOurs()
}

/** The sequence number in a cursor. Throws invalid when it holds anything else. */
export function numberCursor(cursor: string | undefined): number | undefined {
  const key = decodeCursor(cursor, 1)?.[0]
  if (key === undefined || Number.isSafeInteger(key)) return key as number | undefined
  throw notOurs()
}

/** The text in a cursor. Throws invalid when it holds anything else. */
export function textCursor(cursor: string | undefined): string | undefined {
  const key = decodeCursor(cursor, 1)?.[0]
  if (key === undefined || typeof key === 'string') return key
  throw notOurs()
}

const notOurs = (): HaganeError =>
  new HaganeError('invalid', 'query: cursor: this is not a cursor that a list gave out', {
    hint: 'send next_cursor of the page before, unchanged',
  })

/** Makes a page from one row more than was asked for. */
export function pageFrom<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => (string | number)[],
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(toItem),
    ...(rows.length > limit && last !== undefined ? { next_cursor: encodeCursor(keyOf(last)) } : {}),
  }
}

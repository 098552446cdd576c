import { invalidParameter } from './mlflow-error.ts'

const wellFormed = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** A page token as MLflow makes them: base64 of `{"offset": N}` and of whatever else the list wants to hold on to. */
export const encodePageToken = (offset: number, more: Record<string, unknown> = {}): string =>
  Buffer.from(JSON.stringify({ ...more, offset })).toString('base64')

/** What a token holds; offset 0 without one. Anything that is not a token is INVALID_PARAMETER_VALUE. */
export function decodePageToken(token: string | undefined): { offset: number; more: Record<string, unknown> } {
  if (token === undefined || token === '') return { offset: 0, more: {} }
  if (!wellFormed.test(token)) throw invalidParameter('Invalid page token, could not base64-decode')
  const decoded = Buffer.from(token, 'base64').toString('utf8')
  let parsed: unknown
  try {
    parsed = JSON.parse(decoded)
  } catch {
    throw invalidParameter(`Invalid page token, decoded value=${decoded}`)
  }
  const { offset, ...more } = (parsed !== null && typeof parsed === 'object' ? parsed : {}) as Record<string, unknown>
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset <= 0)
    throw invalidParameter(`Invalid page token, parsed value=${decoded}`)
  return { offset, more }
}

/** Cuts a list that was read with one row too many and says whether another page follows. */
export function pageOf<T>(rows: readonly T[], limit: number, offset: number): { rows: T[]; token: string | undefined } {
  return { rows: rows.slice(0, limit), token: rows.length > limit ? encodePageToken(offset + limit) : undefined }
}

import { hash } from 'node:crypto'
import type { KernelTables } from './tables.ts'

export interface NewEvent {
  readonly type: string
  readonly subject: string
  readonly data: Record<string, unknown>
}

export type EventRow = KernelTables['events']

/** The hash before the first event. */
export const GENESIS = '0'.repeat(64)

/**
 * hash = SHA-256(prev_hash ‖ canonical event). `data` is already canonical JSON text (RFC 8785) and is hashed as stored,
 * so any changed byte shows, white space included. The array form keeps the fields apart without escaping twice.
 */
export function hashEvent(row: Omit<EventRow, 'hash'>): string {
  const head = JSON.stringify([row.seq, row.id, row.time, row.workspace, row.actor, row.type, row.subject])
  return hash('sha256', row.prev_hash + head + row.data)
}

export type Verification =
  | { ok: true; count: number; head: string }
  | ({ ok: false; count: number; seq: number; reason: string } & Partial<Pick<EventRow, 'id' | 'type' | 'subject'>>)

/** Checks one row against the link before it; undefined when it holds. */
export function faultOf(row: EventRow, previous: { seq: number; hash: string }): string | undefined {
  if (row.seq !== previous.seq + 1)
    return `expected event ${previous.seq + 1} here: an event is missing or was renumbered`
  if (row.prev_hash !== previous.hash) return 'its link to the event before does not hold'
  if (row.hash !== hashEvent(row)) return 'its content does not match its hash'
  return undefined
}

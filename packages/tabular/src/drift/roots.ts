import type { DriftSource } from './types.ts'

/** Folders that sources lie below. */
export const rootsOfDrift = (...sources: readonly DriftSource[]): string[] => [
  ...new Set(sources.map(source => ('collected' in source ? source.collected.root : source.root))),
]

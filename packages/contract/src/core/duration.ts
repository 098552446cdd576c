import { z } from 'zod'

const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const

/** Ten years in seconds: beyond it a date cannot be relied on. */
const LONGEST = 315_360_000

/** A length of time as people write it: a whole number and s, m, h, d or w, e.g. `90m`, `12h`, `30d`. */
export const durationSchema = z
  .string()
  .regex(/^\d{1,9}[smhdw]$/, 'write a whole number and a unit, e.g. 90m, 12h or 30d (units: s, m, h, d, w)')
  .refine(text => secondsOfDuration(text) <= LONGEST, 'at most ten years (520w)')

/** Seconds of a duration that `durationSchema` accepted. */
export function secondsOfDuration(text: string): number {
  const unit = text.slice(-1) as keyof typeof units
  return Number(text.slice(0, -1)) * units[unit]
}

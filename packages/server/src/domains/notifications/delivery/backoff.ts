const FIRST_MS = 5_000
const LONGEST_MS = 300_000
const LONGEST_ASKED_MS = 3_600_000
const GIVE_UP_MS = 24 * 3_600_000
/** A clock that jumps a day ahead gives nothing up. */
const FEWEST_ATTEMPTS = 5

/**
 * Pause before the next try after `attempts` failures: 5 s, doubled each time up to 5 min, of which a random half at most is
 * taken off, so that receivers are not asked by all at once. A receiver may ask for up to an hour.
 */
export function pauseAfter(attempts: number, retryAfterSeconds: number | undefined, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 16))
  const asked = Math.min(LONGEST_ASKED_MS, (retryAfterSeconds ?? 0) * 1000)
  return Math.max(asked, Math.round(full * (1 - random / 2)))
}

/** Whether a delivery that fails since `firstAt` is given up. */
export const isGivenUp = (attempts: number, firstAt: number, now: number): boolean =>
  attempts >= FEWEST_ATTEMPTS && now - firstAt >= GIVE_UP_MS

/** When it is due at the latest: a clock that was set back leaves nothing waiting for hours. */
export const dueAtMost = (now: number): number => now + LONGEST_ASKED_MS

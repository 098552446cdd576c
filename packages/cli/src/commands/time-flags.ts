import { secondsOfDuration } from '@hagane/contract'
import { text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'

/** A time as people give it: RFC 3339, a day, or how long ago. */
export const periodFlags = {
  since: text('--since <time>', 'from this time: 2026-11-23T22:00:00Z, 2026-11-23, or 2h ago as 2h (default: 24h)'),
  until: text('--until <time>', 'before this time'),
}

/** The query of a period; what is not given is left out. */
export function periodOf(given: { since: string | undefined; until: string | undefined }) {
  const since = given.since === undefined ? undefined : timeOf('--since', given.since)
  const until = given.until === undefined ? undefined : timeOf('--until', given.until)
  if (since !== undefined && until !== undefined && until <= since)
    throw new UsageError(
      `--until ${given.until} is not after --since ${given.since}: that is ${until}, and ${since}`,
      'give an earlier --since or a later --until; 2h means two hours ago',
    )
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
}

function timeOf(flag: string, given: string): string {
  const ago = /^\d{1,9}[smhdw]$/.test(given)
  const time = ago
    ? Date.now() - secondsOfDuration(given) * 1000
    : /^\d{4}-\d\d-\d\d/.test(given)
      ? Date.parse(given)
      : Number.NaN
  if (Number.isNaN(time))
    throw new UsageError(
      `${flag}: '${given}' is no time`,
      'write 2026-11-23T22:00:00Z, 2026-11-23, or how long ago: 90m, 12h, 30d',
    )
  return new Date(time).toISOString()
}

import { Option } from 'commander'
import { type Flag, type Flags, longName } from './flags.ts'
import { UsageError } from './usage-error.ts'

/** A flag as commander takes it. */
export function optionOf(flag: Flag, group: string): Option {
  const option = new Option(flag.spelling, flag.summary)
  option.helpGroup(group)
  if (flag.choices !== undefined) option.choices(flag.choices)
  if (flag.ignored) option.hideHelp()
  return option
}

/** What commander read, by the keys and in the types of the declaration. */
export function optionValues(flags: Flags, raw: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, optionValue(flag, raw)]))
}

function optionValue(flag: Flag, values: Record<string, unknown>): unknown {
  const option = new Option(flag.spelling)
  const raw = values[option.attributeName()]
  // Commander takes --no-wait for the opposite of --wait, which is on by default.
  if (option.negate) return raw === false
  if (flag.kind === 'list') return raw ?? []
  if (flag.kind === 'toggle') return truthOf(flag, raw)
  if (flag.kind === 'count' && raw !== undefined) return countOf(flag, String(raw))
  return raw
}

function truthOf(flag: Flag, raw: unknown): boolean {
  if (raw === undefined || raw === false) return false
  if (raw === true || /^true$/i.test(String(raw))) return true
  if (/^false$/i.test(String(raw))) return false
  throw new UsageError(`--${longName(flag)} takes true or false, not '${String(raw)}'`)
}

function countOf(flag: Flag, raw: string): number {
  if (/^\d{1,15}$/.test(raw)) return Number(raw)
  throw new UsageError(`--${longName(flag)} takes a whole number from 0 up, not '${raw}'`)
}

import { type AlertMatch, matchesPattern, type SilenceSpec } from '@hagane/contract'
import type { AlertRow, SilenceRow } from '../tables.ts'

const labelsOf = (row: AlertRow): Record<string, string> => JSON.parse(row.labels) as Record<string, string>

/** Whether an alert is one of those that a match means. */
export function matches(match: AlertMatch, row: AlertRow): boolean {
  const labels = labelsOf(row)
  return (
    (match.key === undefined || matchesPattern(match.key, row.alert_key)) &&
    (match.group === undefined || matchesPattern(match.group, row.alert_group)) &&
    (match.severities === undefined || match.severities.some(severity => severity === row.severity)) &&
    Object.entries(match.labels ?? {}).every(([name, wanted]) => matchesPattern(wanted, labels[name] ?? ''))
  )
}

/**
 * The silence that keeps an alert from being told. One with `while` counts only as long as another alert that it means fires, with
 * the same values of the labels in `equal`; an alert never silences itself.
 */
export function silencedBy(
  silences: readonly SilenceRow[],
  row: AlertRow,
  alive: readonly AlertRow[],
): string | undefined {
  return silences.find(silence => {
    const spec = JSON.parse(silence.spec) as SilenceSpec
    if (!matches(spec.match, row)) return false
    const { while: source, equal = [] } = spec
    if (source === undefined) return true
    const labels = labelsOf(row)
    return alive.some(
      other =>
        other.id !== row.id &&
        (other.state === 'firing' || other.state === 'acknowledged') &&
        matches(source, other) &&
        equal.every(name => labelsOf(other)[name] === labels[name]),
    )
  })?.id
}

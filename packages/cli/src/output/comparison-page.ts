import type { ColumnComparison, DifferingRow, ShadowComparison } from '@hagane/contract'
import { htmlPage, htmlTable, htmlText } from './html-page.ts'

/** A comparison of a shadow with live as one page that needs nothing else. */
export function comparisonPage(found: ShadowComparison): string {
  const title = `${found.endpoint}: ${found.shadow} beside ${found.live}`
  return htmlPage(
    title,
    `<p>From ${htmlText(found.since)}${found.until === undefined ? '' : ` to ${htmlText(found.until)}`}; numbers agree within ${found.tolerance}.</p>
${htmlTable(['', 'Rows'], countsOf(found))}
<h2>Outputs</h2>
${htmlTable(['Place', 'Compared', 'Agreed', 'Mean', 'Mean |difference|', 'p50', 'p90', 'p99', 'Max', 'Changes'], found.columns.map(placeOf))}
<h2>Differing rows</h2>
${htmlTable(['Time', 'Live', 'Shadow', 'Difference', 'Inputs', 'Live id', 'Shadow id'], found.worst.map(rowOf))}`,
  )
}

const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value))

const countsOf = (found: ShadowComparison): unknown[][] => [
  ['mirrored', found.mirrored],
  ['compared', found.compared],
  ['agreed', found.agreed],
  ['agreement', found.agreement ?? 'nothing to compare'],
  ['different', found.different],
  ['of them in shape', found.other_shape],
  ['only live has the row', found.only_live],
  ['only the shadow has the row', found.only_shadow],
  ['live failed', found.live_failed],
  ['the shadow failed', found.shadow_failed],
  ['the shadow did not answer', found.unanswered],
]

const placeOf = ({ path, compared, agreed, numeric, changes }: ColumnComparison): unknown[] => [
  path === '' ? 'output' : path,
  compared,
  agreed,
  ...[numeric?.mean_difference, numeric?.mean_absolute, numeric?.p50, numeric?.p90, numeric?.p99, numeric?.max],
  changes.map(({ live, shadow, count }) => `${json(live)} → ${json(shadow)}: ${count}`).join('; '),
]

const rowOf = (row: DifferingRow): unknown[] => [
  row.time,
  json(row.live),
  json(row.shadow),
  row.difference,
  json(row.inputs),
  row.live_id,
  row.shadow_id,
]

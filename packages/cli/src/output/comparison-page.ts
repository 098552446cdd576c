import type { ColumnComparison, DifferingRow, ShadowComparison } from '@hagane/contract'

/** A comparison of a shadow with live as one page that needs nothing else. */
export function comparisonPage(found: ShadowComparison): string {
  const title = `${found.endpoint}: ${found.shadow} beside ${found.live}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${text(title)}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:80rem}table{border-collapse:collapse;margin:1rem 0}
td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}
code{word-break:break-all}</style></head><body>
<h1>${text(title)}</h1>
<p>From ${text(found.since)}${found.until === undefined ? '' : ` to ${text(found.until)}`}; numbers agree within ${found.tolerance}.</p>
${table(['', 'Rows'], countsOf(found))}
<h2>Outputs</h2>
${table(['Place', 'Compared', 'Agreed', 'Mean', 'Mean |difference|', 'p50', 'p90', 'p99', 'Max', 'Changes'], found.columns.map(placeOf))}
<h2>Differing rows</h2>
${table(['Time', 'Live', 'Shadow', 'Difference', 'Inputs', 'Live id', 'Shadow id'], found.worst.map(rowOf))}
</body></html>
`
}

const text = (value: unknown): string => String(value).replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value))

function table(headings: readonly string[], rows: readonly unknown[][]): string {
  const cell = (value: unknown): string =>
    typeof value === 'number' ? `<td class="n">${value}</td>` : `<td><code>${text(value ?? '')}</code></td>`
  const head = headings.map(heading => `<th>${text(heading)}</th>`).join('')
  return `<table><tr>${head}</tr>${rows.map(row => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</table>`
}

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

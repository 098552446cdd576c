import type { DriftReport, FeatureDrift, FeatureSummary, MetricResult } from '@hagane/contract'
import { distributionPicture } from './distribution-picture.ts'
import { Html, htmlPage, htmlTable, htmlText } from './html-page.ts'

/** A comparison of two tables as one page that needs nothing else. */
export function driftPage(report: DriftReport): string {
  const { reference, current, features } = report
  const drifted = features.filter(one => one.drifted)
  const ordered = [...drifted, ...features.filter(one => !one.drifted)]
  const title = `Drift: ${reference.name ?? 'reference'} and ${current.name ?? 'current'}`
  return htmlPage(
    title,
    `<p>${report.drifted ? 'The table has drifted' : 'The table has not drifted'}: ${drifted.length} of ${features.length} features, ${reference.rows} rows then, ${current.rows} now.</p>
${htmlTable(metricHeadings, report.table.map(metricRow), i => report.table[i]?.breached === true)}
${columnsThatDiffer('Columns that are gone', report.only_reference)}${columnsThatDiffer('Columns that are new', report.only_current)}
${htmlTable(['Feature', 'Kind', 'Grey then, blue now', 'Decided by', 'Value', 'Threshold', ''], ordered.map(overviewRow), i => ordered[i]?.drifted === true)}
${ordered.map(featurePart).join('\n')}`,
  )
}

function overviewRow(one: FeatureDrift): unknown[] {
  const decided = one.metrics.filter(({ threshold }) => threshold !== undefined)
  const first = decided.find(({ breached }) => breached) ?? decided[0]
  const verdict = one.drifted ? 'drifted' : first?.value === null ? 'not judged' : ''
  const compared = first?.p_adjusted ?? first?.value ?? first?.reason
  return [one.feature, one.kind, new Html(distributionPicture(one)), first?.metric, compared, first?.threshold, verdict]
}

const metricHeadings = ['Metric', 'Value', 'Threshold', 'Statistic', 'p', 'p corrected', 'Effect size', '']
const metricRow = (one: MetricResult): unknown[] => [
  one.metric,
  one.value ?? one.reason,
  one.threshold,
  one.statistic,
  one.p_value,
  one.p_adjusted,
  one.effect_size,
  one.breached ? 'breached' : '',
]

const columnsThatDiffer = (title: string, names: readonly string[]): string =>
  names.length === 0 ? '' : `<p>${title}: ${names.map(name => `<code>${htmlText(name)}</code>`).join(', ')}</p>`

function featurePart(one: FeatureDrift): string {
  const fresh = one.new_categories ?? []
  const slice = one.slice?.where.map(({ column, value }) => `${column} = ${value}`).join(', ')
  return `<details${one.drifted ? ' open' : ''}><summary><strong>${htmlText(one.feature)}</strong>${one.drifted ? ' (drifted)' : ''}</summary>
${htmlTable(metricHeadings, one.metrics.map(metricRow), i => one.metrics[i]?.breached === true)}
${htmlTable(
  ['', ...summaryNames],
  [
    ['then', ...summaryRow(one.reference)],
    ['now', ...summaryRow(one.current)],
  ],
)}
${
  fresh.length === 0
    ? ''
    : htmlTable(
        ['New category', 'Rows'],
        fresh.map(({ value, count }) => [value, count]),
      )
}
${slice === undefined ? '' : `<p>Moved most where ${htmlText(slice)}.</p>`}
${one.rows === undefined ? '' : `<p>Rows furthest from the reference: <code>${htmlText(one.rows.join(', '))}</code></p>`}</details>`
}

const summaryNames = ['count', 'nulls', 'infinite', 'type_errors', 'distinct', 'min', 'max', 'mean', 'std'] as const
const summaryRow = (summary: FeatureSummary): unknown[] => summaryNames.map(name => summary[name])

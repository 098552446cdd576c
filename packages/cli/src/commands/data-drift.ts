import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type ColumnKind, columnKinds, type DriftReport, type FeatureDrift, HaganeError } from '@hagane/contract'
import type { DriftRequest } from '@hagane/tabular'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import { driftPage } from '../output/drift-page.ts'
import type { Column } from '../output/table.ts'
import { namedTable } from './data-tables.ts'
import { thresholdsFrom } from './drift-thresholds.ts'

interface Line {
  readonly feature: FeatureDrift
  readonly metric: FeatureDrift['metrics'][number]
}
const columns: readonly Column<Line>[] = [
  ['Feature', ({ feature }) => feature.feature],
  ['Kind', ({ feature }) => feature.kind],
  ['Metric', ({ metric }) => metric.metric],
  ['Value', ({ metric }) => figure(metric.value)],
  ['Threshold', ({ metric }) => figure(metric.threshold)],
  ['P', ({ metric }) => figure(metric.p_adjusted)],
  ['Effect', ({ metric }) => figure(metric.effect_size)],
  ['Result', ({ metric }) => resultOf(metric)],
]

export const drift = verb({
  name: 'drift',
  summary: 'How far a table has moved from another: every metric of every column, on this machine',
  description:
    'Without thresholds one metric of each kind of column decides: normalized_wasserstein_distance or jensen_shannon_distance above 0.1, for a reference of at most 1,000 rows a test below 0.05. The table has drifted when half of its columns have.',
  examples: [
    'hagane data drift --reference winter.parquet --current summer.parquet',
    'hagane data drift --reference a.csv --current b.csv --fail-on-drift --html drift.html',
    'hagane data drift --reference a.csv --current b.csv --threshold population_stability_index=0.2 distance:two_sample_kolmogorov_smirnov_test=0.01',
  ],
  flags: {
    reference: requiredText('-r, --reference <path>', 'what the table is compared with, a file or folder'),
    current: requiredText('-c, --current <path>', 'the table'),
    features: list('--features <columns...>', 'only these columns'),
    kind: list('--kind <column=kind...>', `what a column is taken for: ${columnKinds.join(', ')}`),
    id: text('--id <column>', 'column that names a row; rows of a finding are told by it'),
    time: text('--time <column>', 'column with the time of a row, for freshness'),
    threshold: list(
      '--threshold <metric=value...>',
      'when a metric is a breach; <column>:<metric>=<value> for one column',
    ),
    driftShare: text('--drift-share <share>', 'share of columns from which the table has drifted (default: 0.5)'),
    correction: text('--correction <method>', 'of p-values over the columns (default: benjamini-hochberg)', {
      choices: ['benjamini-hochberg', 'bonferroni', 'none'],
    }),
    rows: count('--rows <n>', 'most extreme rows to name for a drifted column (default: 0)'),
    slices: toggle('--slices', 'look for the part of the table that moved most'),
    report: text('--report <path>', 'write the report as JSON'),
    html: text('--html <path>', 'write the report as a page'),
    failOnDrift: toggle(
      '--fail-on-drift',
      'end with 1 when a column has drifted or is gone, a threshold is breached, or there is nothing to compare',
    ),
  },
  run: async (call, options) => {
    const words = options.driftShare === undefined ? [] : [`drift_share=${options.driftShare}`]
    const request: DriftRequest = {
      kind: 'drift',
      reference: here(call, options.reference, '--reference'),
      current: here(call, options.current, '--current'),
      thresholds: thresholdsFrom([...options.threshold, ...words], options.correction),
      ...(options.features.length === 0 ? {} : { features: options.features }),
      kinds: kindsFrom(options.kind),
      ...(options.id === undefined ? {} : { id: options.id }),
      ...(options.time === undefined ? {} : { time: options.time }),
      rows: options.rows ?? 0,
      slices: options.slices,
    }
    const { runTabular } = await import('@hagane/tabular')
    const report = await runTabular(request)
    if (options.report !== undefined) await write(call, options.report, `${JSON.stringify(report, null, 2)}\n`)
    if (options.html !== undefined) await write(call, options.html, driftPage(report))
    await show(call, report)
    return options.failOnDrift && (isBreached(report) || isIncomparable(report)) ? 1 : 0
  },
})

function here(call: Invocation, name: string, flag: string): DriftRequest['reference'] {
  const table = namedTable(name, call.surroundings.cwd, flag)
  if (table.form === 'here') return table.source
  throw new HaganeError('unsupported', `${flag}: ${name} is on a server, and drift is measured on this machine`, {
    hint: 'download it first, or let a monitor measure it on the server',
  })
}

function kindsFrom(words: readonly string[]): Record<string, ColumnKind> {
  return Object.fromEntries(
    words.map(word => {
      const at = word.lastIndexOf('=')
      const kind = columnKinds.find(known => known === word.slice(at + 1))
      if (at <= 0 || kind === undefined)
        throw new UsageError(`--kind '${word}' is not <column>=<kind>`, `kinds: ${columnKinds.join(', ')}`)
      return [word.slice(0, at), kind]
    }),
  )
}

const isBreached = ({ drifted, table, features }: DriftReport): boolean =>
  drifted || [...table, ...features.flatMap(({ metrics }) => metrics)].some(({ breached }) => breached)

/** An empty table, or one that lost columns, is no proof that nothing moved. */
const isIncomparable = (report: DriftReport): boolean => isEmpty(report) || report.only_reference.length > 0

const isEmpty = ({ reference, current, features }: DriftReport): boolean =>
  reference.rows === 0 || current.rows === 0 || features.length === 0

function resultOf({ breached, threshold, value }: Line['metric']): string {
  if (breached) return 'BREACHED'
  if (threshold === undefined) return ''
  return value === null ? 'not judged' : 'ok'
}

async function write(call: Invocation, path: string, content: string): Promise<void> {
  const file = resolve(call.surroundings.cwd, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}

async function show(call: Invocation, report: DriftReport): Promise<void> {
  const isRead = !call.resultIsWanted && call.surroundings.stdout.isTTY === true
  if (call.globals.output !== 'table' && !isRead) return call.print(report)
  call.note(summary(report))
  await call.print(
    report.features.flatMap(feature => feature.metrics.map(metric => ({ feature, metric }))),
    columns,
  )
}

function summary(report: DriftReport): string {
  const { drifted, features, reference, current, only_reference: gone, only_current: fresh } = report
  const moved = features.filter(one => one.drifted).map(({ feature }) => feature)
  const names = moved.length === 0 ? '' : ` (${moved.slice(0, 10).join(', ')}${moved.length > 10 ? ', …' : ''})`
  const changes = [
    ...(gone.length === 0 ? [] : [`gone: ${gone.join(', ')}`]),
    ...(fresh.length === 0 ? [] : [`new: ${fresh.join(', ')}`]),
  ]
  const columnsThatDiffer = changes.length === 0 ? '' : `; columns ${changes.join('; ')}`
  const verdict = drifted ? 'DRIFTED' : isEmpty(report) ? 'NOTHING TO COMPARE' : 'no drift of the table'
  return `${verdict}: ${moved.length} of ${features.length} columns${names}; ${reference.rows} rows then, ${current.rows} now${columnsThatDiffer}`
}

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : String(Number(value.toPrecision(4)))

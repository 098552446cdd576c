import { type MeasuredSubject, type MetricName, type MetricSeries, serviceMetricRoutes } from '@hagane/contract'
import { count, requiredText, text } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { measureText, sparkline } from '../output/sparkline.ts'
import type { Column } from '../output/table.ts'
import { figureColumns, figuresOf, metricPeriodFlags, metricsOf, servingFigures } from './metric-figures.ts'
import { collect } from './pages.ts'

const nameColumns: readonly Column<MetricName>[] = [
  ['Name', metric => metric.name],
  ['Kind', metric => metric.kind],
  ['Unit', metric => metric.unit],
  ['Of', metric => metric.subjects.join(', ')],
  ['Description', metric => metric.description],
]
const subjectColumns: readonly Column<MeasuredSubject>[] = [
  ['Subject', one => one.subject],
  ['LastTime', one => one.last_time],
  ['Metrics', one => one.metrics.length],
]

const subject = requiredText(
  '-s, --subject <subject>',
  'endpoint/<name>, endpoint/<name>/deployment/<name>, job/<name>, compute/<name>, gateway or server',
)

const list = verb({
  name: 'list',
  summary: 'List service metrics, or what has been measured',
  examples: ['hagane metrics list -o table', 'hagane metrics list --subjects endpoint -o table'],
  flags: {
    subjects: text('--subjects <prefix>', 'list what was measured below this instead: endpoint, job, server …'),
    maxResults: count('-r, --max-results <n>', 'how many at most (default: 1000)'),
  },
  run: async (call, options) => {
    if (options.subjects === undefined) {
      const { items } = await call.client.call(serviceMetricRoutes.names, {})
      return call.print(items, nameColumns)
    }
    const below = { subject: options.subjects }
    const found = await collect<MeasuredSubject>(options.maxResults ?? 1000, page =>
      call.client.call(serviceMetricRoutes.subjects, { query: { ...below, ...page } }),
    )
    await call.print(found, subjectColumns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show every service metric of one thing over a time',
  examples: ['hagane metrics show -s endpoint/flights -o table', 'hagane metrics show -s server --since 6h -o table'],
  flags: { subject, ...metricPeriodFlags },
  run: async (call, options) => {
    const isServed = /^(endpoint|deployment)(\/|$)/.test(options.subject)
    const wanted = isServed ? servingFigures : await metricsOf(call, options.subject)
    if (wanted.length === 0) call.warn(`nothing has been measured of ${options.subject}`)
    await call.print(await figuresOf(call, options.subject, wanted, options), figureColumns)
  },
})

const query = verb({
  name: 'query',
  summary: 'Ask for one service metric over a time',
  examples: [
    'hagane metrics query -m latency --aggregation p99 -s endpoint/flights/deployment/blue --since 6h -o table',
    'hagane metrics query -m requests/503 -s endpoint/flights --aggregation total --query value -o tsv',
  ],
  flags: {
    metric: requiredText('-m, --metric <name>', 'a name of metrics list, or a part of one: requests/503'),
    subject,
    aggregation: text('--aggregation <name>', 'rate, total, average, minimum, maximum, last, count, p50, p99.9 …'),
    ...metricPeriodFlags,
  },
  run: async (call, options) => {
    const [series] = await figuresOf(call, options.subject, [[options.metric, options.aggregation]], options)
    const { stdout } = call.surroundings
    const onTerminal = stdout.isTTY === true && !call.resultIsWanted
    if (series === undefined || (call.globals.output !== 'table' && !onTerminal)) return call.print(series)
    call.note(summaryOf(series))
    await call.print(series.points, [
      ['Time', ({ time }: Point) => time],
      ['Value', ({ value }: Point) => measureText(value, series.unit)],
    ])
  },
})

type Point = MetricSeries['points'][number]

const summaryOf = ({ metric, subject: of, aggregation, value, unit, points }: MetricSeries): string =>
  `${aggregation} ${metric} of ${of}: ${measureText(value, unit) || 'nothing measured'}  ${sparkline(points.map(one => one.value))}`

export const noun: Noun = {
  name: 'metrics',
  summary: 'Requests, errors, latency, processor and memory over time',
  verbs: [list, show, query],
}

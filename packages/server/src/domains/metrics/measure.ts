import { type ServiceMetricDefinition, type SparseHistogram, serviceMetricOf } from '@hagane/contract'
import { type Figures, mergeReadings, mergeSpreads, type Readings } from './figures.ts'
import { quantileOf } from './quantile.ts'

/** One stretch of time of one subject, as one source told it. */
export interface Stretch {
  bucket: number
  figures: Figures
}

/** What is asked of figures. `metric` may name a part. */
export interface Measure {
  metric: string
  definition: ServiceMetricDefinition
  aggregation: string
}

const quantiles = ['p95', 'p50', 'p90', 'p99', 'average', 'count', 'rate']
/** The aggregations of each kind of metric; the first is taken when none is asked for. */
export const aggregationsOf: Record<ServiceMetricDefinition['kind'], readonly string[]> = {
  counter: ['rate', 'total'],
  gauge: ['average', 'minimum', 'maximum', 'last'],
  histogram: quantiles,
  ratio: ['average'],
}

/** Which figures a metric means: itself, all its parts, or those that it selects. */
function meansKey(metric: string, { selects, parts }: ServiceMetricDefinition): (key: string) => boolean {
  if (selects !== undefined) {
    const start = `${selects.of}/`
    return key => {
      const part = key.startsWith(start) ? Number(key.slice(start.length)) : Number.NaN
      return part >= selects.from && part <= selects.to && part !== selects.but
    }
  }
  return parts === undefined || metric.includes('/') ? key => key === metric : key => key.startsWith(`${metric}/`)
}

const entriesOf = <T>(of: Record<string, T>, means: (key: string) => boolean): T[] =>
  Object.entries(of).flatMap(([key, value]) => (means(key) ? [value] : []))

function totalOf(metric: string, definition: ServiceMetricDefinition, all: readonly Stretch[]): number {
  const means = meansKey(metric, definition)
  let total = 0
  for (const { figures } of all) for (const value of entriesOf(figures.counters, means)) total += value
  return total
}

/**
 * One value over stretches of time that together cover `seconds`. Counters and histograms add up over time, subjects and
 * parts. Gauges are averaged over time; those of several subjects or parts are added within a stretch, or the largest is
 * taken where a sum means nothing. Undefined when nothing was measured.
 */
export function valueOver({ metric, definition, aggregation }: Measure, all: readonly Stretch[], seconds: number) {
  if (all.length === 0) return undefined
  if (definition.kind === 'gauge') return gaugeOf(metric, definition, aggregation, all)
  if (definition.kind === 'histogram') return spreadOf(metric, definition, aggregation, all, seconds)
  if (definition.divides !== undefined) return ratioOf(definition.divides, all)
  const total = totalOf(metric, definition, all)
  return aggregation === 'total' ? total : total / seconds
}

function ratioOf([counter, by]: readonly [string, string], all: readonly Stretch[]): number | undefined {
  const [part, whole] = [counter, by].map(name => {
    const definition = serviceMetricOf(name)
    return definition === undefined ? 0 : totalOf(name, definition, all)
  })
  return whole ? (part ?? 0) / whole : undefined
}

function spreadOf(
  metric: string,
  definition: ServiceMetricDefinition,
  aggregation: string,
  all: readonly Stretch[],
  seconds: number,
): number | undefined {
  const means = meansKey(metric, definition)
  let spread: SparseHistogram | undefined
  for (const { figures } of all)
    for (const one of entriesOf(figures.histograms, means)) spread = mergeSpreads(spread, one)
  const { sum, counts } = spread ?? { sum: 0, counts: {} }
  const count = Object.values(counts).reduce((total, one) => total + one, 0)
  if (aggregation === 'count') return count
  if (aggregation === 'rate') return count / seconds
  if (count === 0) return undefined
  if (aggregation === 'average') return sum / count
  return quantileOf({ sum, counts }, Number(aggregation.slice(1)) / 100, definition.unit)
}

const readingOf: Record<string, (of: Readings) => number> = {
  average: ({ sum, count }) => sum / count,
  minimum: ({ min }) => min,
  maximum: ({ max }) => max,
  last: ({ last }) => last,
}

function gaugeOf(
  metric: string,
  definition: ServiceMetricDefinition,
  aggregation: string,
  all: readonly Stretch[],
): number | undefined {
  const means = meansKey(metric, definition)
  const read = readingOf[aggregation] as (of: Readings) => number
  const atOnce = (values: number[]) =>
    definition.together === 'max' ? Math.max(...values) : values.reduce((sum, one) => sum + one, 0)
  let overTime: Readings | undefined
  for (const [, together] of Map.groupBy(all, one => one.bucket)) {
    const values = together.flatMap(({ figures }) => entriesOf(figures.gauges, means).map(read))
    if (values.length === 0) continue
    const value = atOnce(values)
    overTime = mergeReadings(overTime, { sum: value, count: 1, min: value, max: value, last: value })
  }
  return overTime === undefined ? undefined : read(overTime)
}

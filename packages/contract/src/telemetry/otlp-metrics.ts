import { serviceMetricOf } from '../service-metric-names.ts'
import type { ServiceSample, SparseHistogram, SubjectFigures } from '../service-samples.ts'
import { batchBounds, shownSeconds } from './histogram.ts'
import { type OtlpAttribute, otlpAttributes, otlpNano } from './otlp-sender.ts'

const cumulative = 2

interface DataPoint {
  attributes: OtlpAttribute[]
  startTimeUnixNano?: string
  timeUnixNano: string
  asDouble?: number
  count?: string
  sum?: number
  explicitBounds?: readonly number[]
  bucketCounts?: string[]
}

type Shape = 'sum' | 'gauge' | 'histogram'
interface OtlpMetric {
  name: string
  unit: string
  description: string
  sum?: { dataPoints: DataPoint[]; aggregationTemporality: number; isMonotonic: boolean }
  gauge?: { dataPoints: DataPoint[] }
  histogram?: { dataPoints: DataPoint[]; aggregationTemporality: number }
}

/**
 * A sample as the metrics of OTLP (opentelemetry-proto, metrics/v1): `hagane.<metric>`, counters and histograms cumulative
 * since their beginning. The subject and the part of a figure are attributes.
 */
export function otlpMetricsOf(sample: ServiceSample): OtlpMetric[] {
  const time = otlpNano(Date.parse(sample.time))
  const byName = new Map<string, { shape: Shape; points: DataPoint[] }>()
  const add = (shape: Shape, subject: SubjectFigures, name: string, point: Omit<DataPoint, 'attributes'>): void => {
    const [metric = name, ...part] = name.split('/')
    const parts = serviceMetricOf(metric)?.parts
    const of = parts === undefined || part.length === 0 ? {} : { [parts]: part.join('/') }
    const known = byName.get(metric) ?? { shape, points: [] }
    known.points.push({ ...point, attributes: otlpAttributes({ ...placeOf(subject), ...of }) })
    byName.set(metric, known)
  }
  for (const one of sample.subjects) {
    const since = { startTimeUnixNano: otlpNano(timeOfId(one.since)), timeUnixNano: time }
    for (const [name, value] of Object.entries(one.counters)) add('sum', one, name, { ...since, asDouble: value })
    for (const [name, value] of Object.entries(one.gauges))
      add('gauge', one, name, { timeUnixNano: time, asDouble: value })
    for (const [name, spread] of Object.entries(one.histograms))
      add('histogram', one, name, { ...since, ...bucketsOf(spread, serviceMetricOf(name)?.unit) })
  }
  return [...byName].map(([name, { shape, points: dataPoints }]) => {
    const { unit = '1', description = '' } = serviceMetricOf(name) ?? {}
    const named = { name: `hagane.${name}`, unit, description }
    if (shape === 'gauge') return { ...named, gauge: { dataPoints } }
    if (shape === 'sum') return { ...named, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } }
    return { ...named, histogram: { dataPoints, aggregationTemporality: cumulative } }
  })
}

/** `endpoint/e/deployment/d` as attributes. */
function placeOf({ workspace, subject }: SubjectFigures): Record<string, string> {
  const words = subject.split('/')
  const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [[`hagane.${word}`, words[at + 1] ?? '']] : []))
  return { ...(workspace === '' ? {} : { 'hagane.workspace': workspace }), ...Object.fromEntries(pairs) }
}

function bucketsOf({ sum, counts }: SparseHistogram, unit = 's') {
  const explicitBounds = unit === 's' ? shownSeconds : batchBounds
  const buckets = new Array<number>(explicitBounds.length + 1).fill(0)
  for (const [bound, count] of Object.entries(counts)) {
    const at = explicitBounds.findIndex(one => Number(bound === '+Inf' ? Number.POSITIVE_INFINITY : bound) <= one)
    const into = at < 0 ? explicitBounds.length : at
    buckets[into] = (buckets[into] as number) + count
  }
  const count = buckets.reduce((total, one) => total + one, 0)
  return { sum, count: String(count), explicitBounds, bucketCounts: buckets.map(String) }
}

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** The time in a ULID, epoch ms; 0, which OTLP takes for unknown, of another id. */
function timeOfId(id: string): number {
  const time = [...id.slice(0, 10)].reduce((sum, one) => sum * 32 + digits.indexOf(one), 0)
  return /^[0-9A-HJKMNP-TV-Z]{26}$/.test(id) ? time : 0
}

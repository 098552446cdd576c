import type { Histogram } from './histogram.ts'

export type Labels = Readonly<Record<string, string | number>>
export type MetricSample = readonly [labels: Labels, value: number]

const escaped = (text: string): string => text.replace(/[\\"\n]/g, one => (one === '\n' ? '\\n' : `\\${one}`))
const labelled = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** Lines of Prometheus' text format 0.0.4 for one metric: its help and type, also while it has no samples. */
export function metricLines(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly MetricSample[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labelled(labels)} ${value}`),
  ]
}

/** The lines of a histogram: its shown buckets, sum and count of each sample. */
export function histogramLines(
  name: string,
  help: string,
  samples: readonly (readonly [labels: Labels, histogram: Histogram])[],
): string[] {
  const all = samples.flatMap(([labels, histogram]) => {
    let below = 0
    const shown = new Set(histogram.shown)
    const buckets = histogram.bounds.flatMap((bound, at) => {
      below += histogram.counts[at] ?? 0
      return shown.has(bound) ? [`${name}_bucket${labelled({ ...labels, le: bound })} ${below}`] : []
    })
    const { total } = histogram
    const own = labelled(labels)
    return [
      ...buckets,
      `${name}_bucket${labelled({ ...labels, le: '+Inf' })} ${total}`,
      `${name}_sum${own} ${histogram.sum}`,
      `${name}_count${own} ${total}`,
    ]
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...all]
}

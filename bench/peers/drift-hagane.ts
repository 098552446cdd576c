import { basename, dirname } from 'node:path'
import { runHere } from '../../packages/tabular/src/run-here.ts'

/** drift-hagane.ts REFERENCE CURRENT: seconds and bytes for every metric of every column, reading included. */
const [reference = '', current = ''] = process.argv.slice(2)
const source = (path: string) => ({ name: basename(path), path, root: dirname(path) })
const started = performance.now()
const report = await runHere({ kind: 'drift', reference: source(reference), current: source(current) })
const seconds = (performance.now() - started) / 1000
const values = Object.fromEntries(
  report.features.flatMap(({ feature, metrics }) =>
    metrics.map(({ metric, value }) => [`${feature} ${metric}`, value]),
  ),
)
process.stdout.write(`${JSON.stringify({ seconds, peak: process.resourceUsage().maxRSS * 1024, values })}\n`)

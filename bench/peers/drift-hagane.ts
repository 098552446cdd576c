import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DriftReport } from '../../packages/contract/src/index.ts'
import { readerFlags } from '../../packages/tabular/src/run-tabular.ts'

/**
 * drift-hagane.ts REFERENCE CURRENT: seconds and bytes for every metric of every column, reading included, of the process that reads
 * tables for the server and the command line, as it is built. Its start is left out, as Evidently's imports are.
 */
const [reference = '', current = ''] = process.argv.slice(2)
const source = (path: string) => ({ name: basename(path), path, root: dirname(path) })
const program = fileURLToPath(new URL('../../packages/tabular/dist/tabular.mjs', import.meta.url))
const reader = spawn(process.execPath, [...readerFlags, program], { stdio: ['pipe', 'pipe', 'inherit'] })
const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]()

async function ask(request: object): Promise<unknown> {
  reader.stdin.write(`${JSON.stringify(request)}\n`)
  const answer = JSON.parse(String((await lines.next()).value)) as { result?: unknown; error?: unknown }
  if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error))
  return answer.result
}

/** VmHWM of proc(5); nothing elsewhere. */
function peakOf(pid: number | undefined): number {
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return 1024 * Number(kilobytes)
}

await ask({ kind: 'rows', source: source(reference), limit: 1 })
const started = performance.now()
const report = (await ask({ kind: 'drift', reference: source(reference), current: source(current) })) as DriftReport
const seconds = (performance.now() - started) / 1000
const values = Object.fromEntries(
  report.features.flatMap(({ feature, metrics }) =>
    metrics.map(({ metric, value }) => [`${feature} ${metric}`, value]),
  ),
)
process.stdout.write(`${JSON.stringify({ seconds, peak: peakOf(reader.pid), values })}\n`)
reader.stdin.end()

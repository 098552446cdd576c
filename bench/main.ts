import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Bench, keepsTarget, type Row, timesBetter } from './bench.ts'
import { audit } from './benches/audit.ts'
import { batchScoring } from './benches/batch.ts'
import { cliRoundTrip } from './benches/cli.ts'
import { collection } from './benches/collection.ts'
import { drift } from './benches/drift.ts'
import { endpointLoad } from './benches/endpoint-load.ts'
import { events } from './benches/events.ts'
import { gatewayKills } from './benches/gateway-kills.ts'
import { gatewayLatency } from './benches/gateway-latency.ts'
import { jobSteps } from './benches/jobs.ts'
import { logBatch } from './benches/log-batch.ts'
import { overload } from './benches/overload.ts'
import { serverStart } from './benches/server-start.ts'
import { dataSnapshots } from './benches/snapshot.ts'
import { formatTable } from './table.ts'

const benches: readonly Bench[] = [
  serverStart,
  logBatch,
  cliRoundTrip,
  jobSteps,
  endpointLoad,
  gatewayLatency,
  collection,
  overload,
  gatewayKills,
  batchScoring,
  dataSnapshots,
  events,
  audit,
  drift,
]

/** A name that stands for several benches. */
const groups: Readonly<Record<string, readonly string[]>> = {
  monitoring: [drift.name],
  serving: [
    endpointLoad.name,
    gatewayLatency.name,
    collection.name,
    overload.name,
    gatewayKills.name,
    batchScoring.name,
  ],
}

const usage = `Usage: npm run bench [-- NAME... [--gigabytes N]]

Measures Hagane and its peers side by side on this machine, prints a table and writes bench/results/<date>.json.
The first run installs the peers below ~/.cache/hagane-bench. Close what else uses the processors.

${benches.map(bench => `  ${bench.name.padEnd(10)} ${bench.about}`).join('\n')}
${Object.entries(groups)
  .map(([name, members]) => `  ${name.padEnd(10)} all of ${members.join(', ')}`)
  .join('\n')}
`

interface Result {
  readonly bench: string
  readonly rows: readonly Row[]
  readonly error?: string
}

function readArguments(args: string[]) {
  const options = { help: { type: 'boolean', short: 'h' }, gigabytes: { type: 'string', default: '2' } } as const
  const { values, positionals, tokens } = parseArgs({
    args,
    allowPositionals: true,
    strict: false,
    tokens: true,
    options,
  })
  const chosen = new Set(positionals.flatMap(name => groups[name] ?? [name]))
  const gigabytes = typeof values.gigabytes === 'string' ? Number(values.gigabytes) : Number.NaN
  const mistakes = [
    ...tokens.flatMap(one =>
      one.kind === 'option' && !(one.name in options) ? [`unknown flag '${one.rawName}'`] : [],
    ),
    ...[...chosen].filter(name => !benches.some(bench => bench.name === name)).map(name => `unknown bench '${name}'`),
    ...(gigabytes > 0
      ? []
      : [`--gigabytes must be a number above 0, found '${values.gigabytes === true ? '' : values.gigabytes}'`]),
  ]
  return { help: values.help === true, gigabytes, chosen, mistakes }
}

/** Runs the chosen benches one after the other; one that fails is reported and the rest go on. */
async function main(): Promise<number> {
  const { help, gigabytes, chosen, mistakes } = readArguments(process.argv.slice(2))
  if (help || mistakes.length > 0) {
    process.stdout.write(`${mistakes.map(mistake => `${mistake}\n`).join('')}${usage}`)
    return mistakes.length > 0 ? 2 : 0
  }
  const load = loadavg()[0] ?? 0
  if (load > availableParallelism() / 4)
    process.stderr.write(
      `other work keeps this machine busy (load ${load.toFixed(1)}): figures will look worse than they are\n`,
    )
  const results: Result[] = []
  for (const bench of benches.filter(one => chosen.size === 0 || chosen.has(one.name)))
    results.push(await runBench(bench, gigabytes))
  const rows = results.flatMap(result => result.rows)
  const failed = results.filter(result => result.error !== undefined)
  process.stdout.write(`\n${formatTable(rows)}\n\nresults: ${await writeResults(results, load)}\n`)
  for (const { bench, error } of failed) process.stderr.write(`\n${bench} failed: ${error}\n`)
  return failed.length > 0 ? 1 : 0
}

async function runBench(bench: Bench, gigabytes: number): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), `hagane-bench-${bench.name}-`))
  const say = (text: string) => void process.stderr.write(`${bench.name}: ${text}\n`)
  try {
    return { bench: bench.name, rows: await bench.run({ folder, gigabytes, say }) }
  } catch (error) {
    return { bench: bench.name, rows: [], error: error instanceof Error ? error.message : String(error) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeResults(results: readonly Result[], load: number): Promise<string> {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'results')
  await mkdir(folder, { recursive: true })
  const now = new Date().toISOString()
  const file = join(folder, `${now.slice(0, 19).replaceAll(':', '-')}.json`)
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load_before: load,
  }
  const judged = results.map(({ bench, rows, error }) => ({
    bench,
    error,
    rows: rows.map(row => ({ ...row, times_better: timesBetter(row), kept: keepsTarget(row) })),
  }))
  await writeFile(file, `${JSON.stringify({ time: now, machine, results: judged }, null, 2)}\n`)
  return file
}

process.exitCode = await main()

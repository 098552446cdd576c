import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, matchesGlob, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bootstrap } from './bootstrap.ts'
import { type Hagane, startHagane } from './hagane.ts'
import { inventory, type Manifest } from './inventory.ts'
import { buildMirror, type Mirror } from './mirror.ts'
import { outside } from './outside.ts'
import { judge } from './reasons.ts'
import { runManifest, type Told } from './run-manifest.ts'
import { OnlineRuns } from './run-online.ts'
import { type Row, summary, table } from './table.ts'

const AT_ONCE = 2
const usage = `usage: node tests/conformance/azureml/main.ts <checkout> [--only GLOB] [--data DIR] [--json FILE] [--list]

Runs the jobs, components, schedules, data, models, environments and online deployments of a checkout of azureml-examples on a server
of its own. <checkout> is the repository or its folder cli; AZUREML_EXAMPLES names it as well.`

/** Exit code 0 when everything completed or has a reason that lies outside Hagane, 1 when not, 2 for a wrong call. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'string' },
      list: { type: 'boolean' },
    },
  })
  const cli = cliFolder(positionals[0] ?? process.env.AZUREML_EXAMPLES)
  if (cli === undefined) {
    process.stderr.write(`${usage}\n`)
    return 2
  }
  const manifests = inventory(cli).filter(({ kind, path }) => kind !== 'other' && chosen(path, values.only))
  const dataDir =
    values.data === undefined ? await mkdtemp(join(tmpdir(), 'hagane-conformance-')) : resolve(values.data)
  await mkdir(dataDir, { recursive: true })
  const before = await fingerprint(cli)
  const mirror = await buildMirror(cli, join(dataDir, 'mirror'))
  const rows = values.list ? listed(manifests, mirror) : await runAll(cli, dataDir, manifests, mirror)
  process.stdout.write(`\n${table(rows)}\n\n${summary(rows)}\n`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`)
  if (values.data === undefined) await rm(dataDir, { recursive: true, force: true })
  const touched = before !== (await fingerprint(cli))
  if (touched) process.stdout.write('the checkout was modified\n')
  return touched || rows.some(row => !row.fine) ? 1 : 0
}

/** The folder `cli` of a checkout, or undefined when the path is none. */
function cliFolder(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  return [join(path, 'cli'), path].map(folder => resolve(folder)).find(folder => existsSync(join(folder, 'jobs')))
}

const chosen = (path: string, only: string | undefined): boolean => only === undefined || matchesGlob(path, only)

const listed = (manifests: readonly Manifest[], mirror: Mirror): Row[] =>
  manifests.map(manifest => excluded(manifest, mirror) ?? row(manifest, 'to run', '', true))

function row({ path, kind }: Manifest, result: string, reason: string, fine: boolean, seconds?: number): Row {
  return { file: path, kind, result, reason, fine, ...(seconds === undefined ? {} : { seconds }) }
}

function excluded(manifest: Manifest, mirror: Mirror): Row | undefined {
  const reason = outside(manifest, mirror)
  return reason === undefined ? undefined : row(manifest, 'excluded', reason, true)
}

async function runAll(cli: string, dataDir: string, manifests: readonly Manifest[], mirror: Mirror): Promise<Row[]> {
  const hagane = await startHagane(dataDir, mirror.flags)
  try {
    const assets = await bootstrap(
      hagane,
      cli,
      mirror,
      manifests.map(({ text }) => text),
    )
    const open = assets.filter(({ problem }) => problem !== undefined)
    for (const { what, problem } of open) process.stdout.write(`bootstrap: ${what}\n${problem}\n`)
    return await runEach(hagane, cli, manifests, mirror)
  } finally {
    await hagane.stop()
  }
}

/** Two at a time; assets go before the jobs that may name them. */
async function runEach(hagane: Hagane, cli: string, manifests: readonly Manifest[], mirror: Mirror): Promise<Row[]> {
  const rows = new Map<Manifest, Row>()
  const online = new OnlineRuns(hagane, cli)
  const assets = ['data', 'model', 'environment', 'component']
  const order = [...assets, 'job', 'schedule', 'batch-endpoint', 'batch-deployment', 'online-deployment']
  const waiting = manifests.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      rows.set(next, excluded(next, mirror) ?? (await runOne(hagane, cli, next, path => online.run(path))))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return manifests.map(manifest => rows.get(manifest) as Row)
}

async function runOne(
  hagane: Hagane,
  cli: string,
  manifest: Manifest,
  online: (path: string) => Promise<Told>,
): Promise<Row> {
  const outcome = await runManifest(hagane, cli, manifest, online)
  const verdict = judge(outcome)
  const fine = verdict.ok || verdict.external !== undefined
  process.stdout.write(
    `${fine ? ' ' : '!'} ${outcome.result.padEnd(10)} ${outcome.seconds.toFixed(1)} s ${manifest.path} ${verdict.reason}\n`,
  )
  return row(manifest, outcome.result, verdict.reason, fine, outcome.seconds)
}

/** Names, sizes and times of all files: equal when nothing was changed. */
async function fingerprint(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true })
  const facts = names.sort().map(async name => {
    const { size, mtimeMs } = await stat(join(folder, name))
    return `${name} ${size} ${mtimeMs}`
  })
  return (await Promise.all(facts)).join('\n')
}

process.exitCode = await main()

/**
 * Bundles each program into plain files that start fast: one file is read and parsed instead of some hundred, and the
 * types are stripped once. The command line alone is split, so that a verb loads only what it needs.
 *
 *   node tools/build.ts            build all
 *   node tools/build.ts --report   and print what takes the room in each bundle
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'
import { sourceFingerprint, writeBuildStamp } from './build-stamp.mjs'

const root = dirname(import.meta.dirname)

interface Bundle {
  readonly package: string
  readonly output: string
  readonly split?: true
  /** Sources of threads that the program starts; they lie beside the program under their own names. */
  readonly threads?: readonly string[]
}

const bundles: readonly Bundle[] = [
  { package: 'server', output: 'main', threads: ['kernel/blobs/chunk-worker', 'kernel/outgoing/sender-worker'] },
  { package: 'gateway', output: 'gateway', threads: ['onnx/onnx-process'] },
  { package: 'serve', output: 'serve' },
  { package: 'runner', output: 'runner' },
  { package: 'tabular', output: 'tabular' },
  { package: 'cli', output: 'cli', split: true, threads: ['upload/chunk-worker'] },
]

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const banner = `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(import.meta.url)`

/** Loaded only if installed: native PostgreSQL bindings, and the ONNX runtime, which is native and 290 MB. DuckDB is native too. */
const external = ['pg-native', 'onnxruntime-node', '@duckdb/node-api']

/** Who imports `z` keeps the messages of zod in fifty languages, 330 KB to parse at each start. Ours are English. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
      contents: "export { default as en } from './en.js'",
      resolveDir: dirname(path),
    })),
}

/** The gateway carries its Python worker inside, so that its one file is all another machine needs. */
function pythonWorker(): Record<string, string> {
  const folder = join(root, 'packages/python/worker')
  const names = ['serve.py', ...readdirSync(join(folder, 'hagane_worker')).map(name => `hagane_worker/${name}`)]
  return Object.fromEntries(
    names.filter(name => name.endsWith('.py')).map(name => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

/** The runner carries the supervisor of distributed steps inside, for the same reason. */
async function ranksSupervisor(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['packages/runner/src/ranks/supervise-process.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

/** The server answers the JSON Schemas of YAML files without having the manifest beside it. */
function schemas(): Record<string, string> {
  const folder = join(root, 'packages/manifest/schemas')
  return Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]))
}

const suggest = readFileSync(join(root, 'packages/python/sweep/suggest.py'), 'utf8')
const supervisor = { HAGANE_RANKS_SUPERVISOR: JSON.stringify(await ranksSupervisor()) }
const workerFiles = { HAGANE_WORKER_FILES: JSON.stringify(pythonWorker()) }
const definitions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  gateway: workerFiles,
  serve: workerFiles,
  cli: workerFiles,
  server: { ...supervisor, HAGANE_SCHEMAS: JSON.stringify(schemas()), HAGANE_SUGGEST_SOURCE: JSON.stringify(suggest) },
  runner: supervisor,
}

const options = ({ package: name, output, split, threads = [] }: Bundle): BuildOptions => ({
  absWorkingDir: root,
  entryPoints: [
    { in: `packages/${name}/src/main.ts`, out: output },
    ...threads.map(thread => ({ in: `packages/${name}/src/${thread}.ts`, out: basename(thread) })),
  ],
  outdir: `packages/${name}/dist`,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  splitting: split === true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  mainFields: ['module', 'main'],
  sourcemap: 'external',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  banner: { js: banner },
  external,
  plugins: [englishOnly],
  define: definitions[name] ?? {},
})

/** Chunk names hold a hash, so an old build's chunks would pile up. */
function removeStaleChunks(folder: string, outputs: readonly string[]): void {
  const chunks = join(root, folder, 'chunks')
  if (!existsSync(chunks)) return
  const kept = new Set(outputs.map(path => basename(path)))
  for (const name of readdirSync(chunks)) if (!kept.has(name)) rmSync(join(chunks, name))
}

async function buildOne(bundle: Bundle): Promise<Metafile> {
  const { metafile } = await build({ ...options(bundle), metafile: true })
  removeStaleChunks(`packages/${bundle.package}/dist`, Object.keys(metafile.outputs))
  return metafile
}

const packageOf = (path: string): string =>
  /(?:.*node_modules\/)(?<name>@[^/]+\/[^/]+|[^/]+)/.exec(path)?.groups?.name ?? path.split('/').slice(0, 2).join('/')

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1).padStart(9)} KB`

function report(metafile: Metafile): void {
  const sizes = new Map<string, number>()
  let total = 0
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (path.endsWith('.map')) continue
    total += output.bytes
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs))
      sizes.set(packageOf(input), (sizes.get(packageOf(input)) ?? 0) + bytesInOutput)
  }
  const entry = Object.keys(metafile.outputs).find(path => metafile.outputs[path]?.entryPoint?.endsWith('src/main.ts'))
  console.log(`\n${kilobytes(total)}  ${entry ?? ''} and its chunks`)
  const largest = [...sizes].sort(([, a], [, b]) => b - a).slice(0, 12)
  for (const [name, bytes] of largest) console.log(`  ${kilobytes(bytes)}  ${name}`)
}

const fingerprint = sourceFingerprint(root)
const present = bundles.filter(({ package: name }) => existsSync(join(root, 'packages', name, 'src', 'main.ts')))
const metafiles = await Promise.all(present.map(buildOne))
if (process.argv.includes('--report')) metafiles.forEach(report)
writeBuildStamp(
  root,
  fingerprint,
  metafiles.flatMap(metafile => Object.keys(metafile.outputs)),
)

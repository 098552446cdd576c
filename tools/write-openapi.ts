/**
 * Writes docs/openapi.json from the route table of the server, or with `--check` says whether it is what the routes say.
 * The document is for readers and for generators of clients; the server prints the same at /openapi.json.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { root: { type: 'string' }, check: { type: 'boolean', default: false } } })
const root = resolve(values.root ?? dirname(import.meta.dirname))
const target = join(root, 'docs', 'openapi.json')

type ServerPackage = Pick<typeof import('../packages/server/src/index.ts'), 'buildApp' | 'loadConfig'>
type HttpKernel = Pick<typeof import('../packages/server/src/kernel/http/index.ts'), 'openApiOf'>

/** The whole server, built in an empty data folder and never started: its routes are all that is needed. */
async function openApiText(): Promise<string> {
  const source = join(root, 'packages', 'server', 'src')
  const server = (await import(join(source, 'index.ts'))) as ServerPackage
  const http = (await import(join(source, 'kernel', 'http', 'index.ts'))) as HttpKernel
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const dataFolder = mkdtempSync(join(tmpdir(), 'hagane-openapi-'))
  try {
    const app = server.buildApp(server.loadConfig({ data: dataFolder, log_level: 'silent' }, {}, dataFolder), 'openapi')
    const document = http.openApiOf(app.routes, version)
    await app.stop()
    return `${JSON.stringify(document, null, 2)}\n`
  } finally {
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

function committedText(): string {
  try {
    return readFileSync(target, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return ''
  }
}

/** Paths in which the two differ, so that the message says more than "differs". */
function changedPaths(now: string, committed: string): string[] {
  const pathsOf = (text: string) => (text === '' ? {} : (JSON.parse(text) as { paths: Record<string, unknown> }).paths)
  const [current, old] = [pathsOf(now), pathsOf(committed)]
  const all = [...new Set([...Object.keys(current), ...Object.keys(old)])]
  return all.filter(path => JSON.stringify(current[path]) !== JSON.stringify(old[path]))
}

const text = await openApiText()
if (!values.check) writeFileSync(target, text)
else {
  const committed = committedText()
  if (committed !== text) {
    const paths = changedPaths(text, committed)
    console.error(`docs/openapi.json differs from the routes: ${paths.slice(0, 8).join(', ') || 'in its schemas'}`)
    process.exitCode = 1
  }
}

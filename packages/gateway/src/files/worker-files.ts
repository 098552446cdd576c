import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The worker's Python files by name; the bundler puts them in, so that the gateway is one file. */
declare const HAGANE_WORKER_FILES: Record<string, string> | undefined

/** `packages/python/worker`, looked for upwards from this file or from the bundle that it became part of. */
function sourceFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'python/worker')
    if (exists(join(candidate, 'serve.py'))) return candidate
  }
  throw new Error('this gateway was bundled without its Python worker')
}

function readWorkerSources(): Record<string, string> {
  const folder = sourceFolder()
  const names = ['serve.py', ...readdirSync(join(folder, 'hagane_worker')).map(name => `hagane_worker/${name}`)]
  return Object.fromEntries(
    names.filter(name => name.endsWith('.py')).map(name => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

/** Unpacks the worker below `folder`, once for each content, and returns the path of its entry. */
export function unpackWorker(folder: string): string {
  const files = typeof HAGANE_WORKER_FILES === 'undefined' ? readWorkerSources() : HAGANE_WORKER_FILES
  const digest = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const target = join(folder, 'worker', digest)
  const entry = join(target, 'serve.py')
  if (exists(entry)) return entry
  const temporary = `${target}.${process.pid}.tmp`
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(join(temporary, 'hagane_worker'), { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(temporary, name), content)
  renameSync(temporary, target)
  return entry
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { HaganeError, parseReference } from '@hagane/contract'
import { type ResultOf, runTabular } from '@hagane/tabular'
import type { Database } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import { type CaptureFile, captureFiles } from './captures.ts'
import { collectedPath } from './places.ts'
import { convertedAmong } from './reads.ts'
import { insertFiles, noteConverted } from './store.ts'

type Converted = ResultOf<{ kind: 'convert'; capture: string; folder: string; redactionKey: string }>
type Table = Converted['tables'][number]

export interface ConvertDeps {
  db: Database
  log: Logger
  gatewayDir: string
  /** A folder of the same disk as the datastores, for files that are being made. */
  workDir: string
  redactionKey: string
  /** Work when nobody else wants the processor; true unless given. */
  background?: boolean
  /** Folder of a workspace's default datastore. */
  datastoreFolder(workspace: string): Promise<string>
  /** Writes a file to a folder of any datastore. */
  writeTo(workspace: string, datastore: string, folder: string, file: string, name: string): Promise<void>
}

/**
 * Turns every finished capture into Parquet files, each exactly once: files are put in place first, under names that follow
 * from the capture; then one transaction notes them with their digests; then the capture goes. A crash
 * between any two of these repeats what was not noted. One that fails, as when the datastore of its copy is gone, stays for
 * the next round and holds up no other. Throws the first failure when all were tried.
 */
export async function convertCaptures(deps: ConvertDeps, signal: AbortSignal): Promise<void> {
  const files = (await captureFiles(deps.gatewayDir)).filter(file => file.finished)
  const done = await convertedAmong(
    deps.db,
    files.map(file => file.name),
  )
  const failures: unknown[] = []
  for (const file of files) {
    if (signal.aborted) return
    if (done.has(file.name)) await rm(file.path, { force: true })
    else await convertOne(deps, file, signal).catch(error => failures.push(error))
  }
  const [first] = failures
  if (failures.length > 0 && !signal.aborted)
    throw new Error(`${failures.length} captures could not be turned into tables yet`, { cause: first })
}

async function convertOne(deps: ConvertDeps, capture: CaptureFile, signal: AbortSignal): Promise<void> {
  await mkdir(deps.workDir, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(deps.workDir, 'converting-'))
  try {
    const converted = await tablesOf(deps, capture, folder, signal)
    if (converted === undefined) return
    const placed = await Promise.all(converted.tables.map(table => putInPlace(deps, capture, converted, table, folder)))
    await note(deps, capture, converted, placed)
    await rm(capture.path, { force: true })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The tables of a capture; undefined of a damaged one, which is kept for whoever looks into it and not tried for ever. */
async function tablesOf(
  deps: ConvertDeps,
  capture: CaptureFile,
  folder: string,
  signal: AbortSignal,
): Promise<Converted | undefined> {
  const { redactionKey, log, background = true } = deps
  try {
    return await runTabular({ kind: 'convert', capture: capture.path, folder, redactionKey }, { signal, background })
  } catch (error) {
    if (!(error instanceof HaganeError) || error.kind !== 'invalid') throw error
    log.error({ err: error, capture: capture.name }, 'a capture could not be turned into tables; it is set aside')
    await rename(capture.path, `${capture.path}.damaged`)
    return undefined
  }
}

interface Placed extends Table {
  readonly path: string
}

async function putInPlace(
  deps: ConvertDeps,
  capture: CaptureFile,
  { header }: Converted,
  table: Table,
  folder: string,
): Promise<Placed> {
  const { workspace, endpoint, table: collection } = table
  const name = capture.name.replace(`/${capture.hour}.`, '-')
  const path = collectedPath({ endpoint, deployment: header?.deployment, collection, hour: capture.hour }, name)
  const from = join(folder, table.file)
  const to = join(await deps.datastoreFolder(workspace), path)
  await mkdir(dirname(to), { recursive: true })
  const copy = header?.plan.copies[collection]
  const reference = copy === undefined ? undefined : parseReference(copy)
  if (reference?.form === 'datastore') {
    const [, date] = dirname(path).split(`${collection}/`)
    await deps.writeTo(workspace, reference.datastore, join(reference.path, date ?? ''), from, basename(path))
  }
  await move(from, to)
  return { ...table, path }
}

/** Also across disks; what is in place is always whole. */
export async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error
    await copyFile(from, `${to}.part`)
    await rename(`${to}.part`, to)
  })
}

/** A capture is of one workspace, so one transaction says all of it. */
async function note(deps: ConvertDeps, capture: CaptureFile, { header }: Converted, placed: Placed[]): Promise<void> {
  const workspace = placed[0]?.workspace ?? 'default'
  await deps.db.withTransaction({ workspace, actor: 'gateway' }, async tx => {
    if (!(await noteConverted(tx, capture.name))) return
    await insertFiles(
      tx,
      placed.map(file => rowOf(file, header, capture)),
    )
    for (const [endpoint, files] of Map.groupBy(placed, file => file.endpoint)) {
      const of = header === undefined ? {} : { deployment: header.deployment, revision_id: header.revision }
      tx.append({
        type: `dev.hagane.endpoint.${header === undefined ? 'feedback-received' : 'data-collected'}`,
        subject: header === undefined ? `endpoint/${endpoint}` : `deployment/${endpoint}/${header.deployment}`,
        data: { endpoint, ...of, hour: capture.hour, files: files.map(fileOfEvent) },
      })
    }
  })
}

/** What an event says of a file: its digest seals it. */
export const fileOfEvent = ({ table, path, rows, size, digest }: Omit<Placed, 'workspace' | 'endpoint' | 'file'>) => ({
  collection: table,
  ...{ path, rows, size, digest },
})

const rowOf = (file: Placed, header: Converted['header'], capture: CaptureFile) => ({
  path: file.path,
  endpoint: file.endpoint,
  deployment: header?.deployment ?? null,
  revision: header?.revision ?? null,
  collection: file.table,
  hour: capture.hour,
  source: capture.name,
  records: file.rows,
  size: file.size,
  digest: file.digest,
})

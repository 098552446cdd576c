import { lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { findFiles, storeFiles, storeTree } from './build-tree.ts'
import { layout, readRecord } from './layout.ts'
import { loggedRanks, rankLog } from './ranks/rank-files.ts'
import type { Collected, CollectedOutput, ContentStore, StepOutput, StepPlan } from './types.ts'

/** Everything a step left behind, stored: its outputs and its run artifacts. Throws `invalid` for what no tree can hold. */
export async function collect(step: StepPlan | string, content: ContentStore): Promise<Collected> {
  const folder = folderOf(step)
  const [{ outputs, missing }, artifacts] = [
    await collectOutputs(folder, content),
    await collectArtifacts(folder, content),
  ]
  return { outputs, missing, artifacts, logSize: sizeOf(layout(folder).log) ?? 0 }
}

const folderOf = (step: StepPlan | string): string => (typeof step === 'string' ? step : step.folder)
const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size

/** The named outputs alone. */
export async function collectOutputs(step: StepPlan | string, content: ContentStore) {
  const folder = folderOf(step)
  const collected: { outputs: Record<string, CollectedOutput>; missing: string[] } = { outputs: {}, missing: [] }
  for (const output of readRecord(folder).outputs) {
    const found = await collectOutput(output, folder, content)
    if (found === undefined) collected.missing.push(output.name)
    else collected.outputs[output.name] = found
  }
  return collected
}

/** A script may write a folder where a file is declared (Spark's `x.csv/`), or the reverse: what is there counts. */
async function collectOutput(
  output: StepOutput & { path: string },
  folder: string,
  content: ContentStore,
): Promise<CollectedOutput | undefined> {
  const what = `output '${output.name}'`
  const link = lstatSync(output.path, { throwIfNoEntry: false })
  if (link === undefined) return undefined
  if (link.isSymbolicLink()) refuseEscape(output.path, join(layout(folder).outputs, output.name), what)
  const info = statSync(output.path)
  if (!info.isDirectory() && !info.isFile()) throw new HaganeError('invalid', `${what} is neither a file nor a folder`)
  const tree = await storeTree(content, output.path, what)
  return { ...tree, path: info.isFile() ? basename(output.path) : '' }
}

/** The target itself was replaced by a link: it may lead to another place in the same output only. */
function refuseEscape(path: string, own: string, what: string): void {
  const inside = (real: string): boolean => real.startsWith(`${realpathSync(own)}/`)
  if (
    path !== own &&
    statSync(path, { throwIfNoEntry: false }) !== undefined &&
    statSync(own, { throwIfNoEntry: false }) !== undefined &&
    inside(realpathSync(path))
  )
    return
  throw new HaganeError('invalid', `${what} is a symbolic link that leads out of its folder, or nowhere`, {
    hint: 'let the command write into the path it is given, or copy the files there',
  })
}

/** `outputs/` and `logs/` of the working directory, and the logs in `user_logs/`, of which `std_log.txt` is the whole; undefined when there is none. */
export async function collectArtifacts(
  step: StepPlan | string,
  content: ContentStore,
): Promise<Collected['artifacts']> {
  const places = layout(folderOf(step))
  const files = []
  for (const name of ['outputs', 'logs']) {
    const root = join(places.work, name)
    const info = lstatSync(root, { throwIfNoEntry: false })
    if (info === undefined) continue
    if (!info.isDirectory()) throw new HaganeError('invalid', `./${name} was replaced by something that is no folder`)
    for (const found of await findFiles(root, `./${name}`)) files.push({ ...found, path: `${name}/${found.path}` })
  }
  if (sizeOf(places.log) !== undefined)
    files.push({ path: 'user_logs/std_log.txt', file: places.log, executable: false })
  for (const rank of loggedRanks(folderOf(step)))
    files.push({
      path: `user_logs/std_log_process_${rank}.txt`,
      file: rankLog(folderOf(step), rank),
      executable: false,
    })
  return files.length === 0 ? undefined : await content.putTree(await storeFiles(content, files))
}

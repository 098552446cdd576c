import type { Comparison, Tolerance, Verdict } from '@hagane/contract'
import { subtree } from '../../../kernel/blobs/index.ts'
import { isSystemMetric } from '../model/measures.ts'
import type { JobNeeds } from '../model/needs.ts'
import { own } from '../model/own-property.ts'
import type { StoredOutput } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import type { Content } from '../why/compare-trees.ts'
import { compareContents, type FileVerdict } from './compare-files.ts'
import { isClose } from './numbers.ts'

type Needs = Pick<JobNeeds, 'blobs' | 'tracking'>

const order: readonly Verdict[] = ['bitwise', 'tolerance', 'different', 'failed']

/** The worst of several verdicts; of none, bitwise: nothing differs. */
export const worst = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce<Verdict>((a, b) => (order.indexOf(b) > order.indexOf(a) ? b : a), 'bitwise')

/** Compares how a step ended, its outputs, metrics and artifacts with those of the step that it computes again. */
export async function compareStep(
  needs: Needs,
  step: string,
  before: JobRow,
  after: JobRow,
  tolerance: Tolerance,
): Promise<Comparison[]> {
  if (before.status !== 'Completed' || after.status !== 'Completed') return [compareStatus(step, before, after)]
  return [
    ...(await compareOutputs(needs, step, before, after, tolerance)),
    ...(await compareMetrics(needs, step, before, after, tolerance)),
    ...(await compareArtifacts(needs, step, before, after, tolerance)),
  ]
}

interface Ended {
  exit_code?: number
  message?: string
}

/** A step that failed as it did before, or was skipped again, is reproduced, though there is nothing more to compare. */
function compareStatus(step: string, before: JobRow, after: JobRow): Comparison {
  const [a, b] = [JSON.parse(before.error ?? '{}') as Ended, JSON.parse(after.error ?? '{}') as Ended]
  const ends = { before: endText(before, a), after: endText(after, b) }
  const same = before.status === after.status && a.exit_code === b.exit_code
  const verdict: Verdict = same ? 'bitwise' : after.status === 'Completed' ? 'different' : 'failed'
  return { step, kind: 'status', name: 'status', verdict, ...ends, ...(same ? { detail: 'ends as it did' } : {}) }
}

const endText = ({ status }: JobRow, { message }: Ended): string =>
  message === undefined ? status : `${status}: ${message}`

async function compareOutputs(
  { blobs }: Needs,
  step: string,
  before: JobRow,
  after: JobRow,
  tolerance: Tolerance,
): Promise<Comparison[]> {
  const [was, is] = [outputsOf(before), outputsOf(after)]
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()
  const comparisons: Comparison[] = []
  for (const name of names) {
    const [a, b] = [own(was, name), own(is, name)]
    const head = { step, kind: 'output' as const, name }
    if (a === undefined || b === undefined) {
      const detail = a === undefined ? 'was not there' : 'is not there any more'
      comparisons.push({ ...head, verdict: 'different', detail })
    } else comparisons.push({ ...head, ...ofFiles(await compareContents(blobs, a, b, tolerance)) })
  }
  return comparisons
}

const outputsOf = (row: JobRow): Record<string, StoredOutput> => JSON.parse(row.outputs)

const MAX_FILES = 50

function ofFiles(files: FileVerdict[]): Pick<Comparison, 'verdict' | 'detail' | 'files'> {
  const verdict = worst(files.map(file => file.verdict))
  if (files.length === 0) return { verdict }
  const first = files.find(file => file.verdict === verdict)
  const more = files.length > 1 ? ` (${files.length} files are not the same)` : ''
  return { verdict, detail: `${first?.path}: ${first?.detail}${more}`, files: files.slice(0, MAX_FILES) }
}

/** Metrics that scripts log, by their last value. What the system measures of a step is never the same twice. */
async function compareMetrics(
  { tracking }: Needs,
  step: string,
  before: JobRow,
  after: JobRow,
  tolerance: Tolerance,
): Promise<Comparison[]> {
  const was = await tracking.latestMetrics(before.workspace, before.name)
  const is = await tracking.latestMetrics(after.workspace, after.name)
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter(name => !isSystemMetric(name))
    .sort()
    .map(name => {
      const [a, b] = [own(was, name), own(is, name)]
      return {
        step,
        kind: 'metric' as const,
        name,
        verdict: ofNumbers(a, b, tolerance),
        before: text(a),
        after: text(b),
      }
    })
}

const text = (value: number | undefined): number | string =>
  value === undefined ? 'not logged' : Number.isFinite(value) ? value : String(value)

function ofNumbers(a: number | undefined, b: number | undefined, tolerance: Tolerance): Verdict {
  if (a === undefined || b === undefined) return 'different'
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 'bitwise'
  return isClose(a, b, tolerance) ? 'tolerance' : 'different'
}

/** Logs tell times and names of every run; they are not results. */
const isLog = (path: string): boolean => /^(user_logs|system_logs|logs)\//.test(path)

async function compareArtifacts(
  { blobs, tracking }: Needs,
  step: string,
  before: JobRow,
  after: JobRow,
  tolerance: Tolerance,
): Promise<Comparison[]> {
  const find = async (row: JobRow): Promise<Content | undefined> => {
    const found = await tracking.artifactTree(row.workspace, row.name, '').catch(() => undefined)
    if (found === undefined) return undefined
    const entries = subtree(await blobs.getTree(found.tree), found.path)
    return entries.every(entry => isLog(entry.path)) ? undefined : found
  }
  const [a, b] = [await find(before), await find(after)]
  if (a === undefined && b === undefined) return []
  const head = { step, kind: 'artifact' as const, name: 'artifacts' }
  if (a === undefined || b === undefined)
    return [{ ...head, verdict: 'different', detail: a === undefined ? 'there were none' : 'there are none any more' }]
  const same = (path: string, content: string) => withoutIdentity(path, content, [before.name, after.name])
  const files = await compareContents(blobs, a, b, tolerance, same, isLog)
  return [{ ...head, ...ofFiles(files) }]
}

/** MLflow writes the run, the time and an id into each model folder; the model is the same without them. */
function withoutIdentity(path: string, content: string, names: readonly string[]): string {
  if (!/(^|\/)(MLmodel|registered_model_meta)$/.test(path)) return content
  const lines = content
    .split('\n')
    .filter(line => !/^\s*(run_id|utc_time_created|model_uuid|model_id|artifact_path):/.test(line))
  return names.reduce((kept, name) => kept.replaceAll(name, ''), lines.join('\n'))
}

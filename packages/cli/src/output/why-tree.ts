import type { FileChange, JobWhy, KeyChange, PackageChange, RunReason } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'

const reasons: Record<RunReason, string> = {
  'first-run': 'first run of this step',
  changed: 'its key changed',
  forced: 'forced (force_rerun)',
  'not-deterministic': 'not deterministic (is_deterministic: false)',
  'single-job': 'a single job runs every time unless it says `reuse:`',
  trial: 'a trial of a sweep runs every time',
  reproduction: 'a reproduction computes everything again',
  expired: 'the kept result is too old',
  'content-gone': 'the outputs of the kept result are gone',
  'no-result-kept': 'nothing changed, but no result of the earlier run is kept',
}

const maxLines = 20

/** The decision in a few words: `reused from calm_pine_3`, `ran: forced (force_rerun)`. */
export function decisionText(why: JobWhy): string {
  if (why.decision === 'reused') return `reused from ${why.from}`
  if (why.decision === 'undecided') return `not decided: ${why.status}`
  if (why.decision === 'steps') return why.status
  const against = why.compared_with === undefined ? '' : `, compared with ${why.compared_with}`
  return `ran: ${why.reason === undefined ? why.status : reasons[why.reason]}${against}`
}

/** One change in a line: `parameter lr: 0.1 → 0.2`. */
export function changeText(change: KeyChange): string {
  const what = [change.part, change.name].filter(part => part !== undefined).join(' ')
  const cause = change.caused_by === undefined ? '' : `, made by step ${change.caused_by.step}`
  return oneLine(`${what}: ${detail(change)}${cause}`)
}

function detail(change: KeyChange): string {
  const { python, packages, files } = change
  if (packages !== undefined) {
    const all = [...(python === undefined ? [] : [{ name: 'python', ...python }]), ...packages]
    if (all.length > 0) return all.map(packageText).join(', ')
  }
  const sides = `${sideText(change.before)} → ${sideText(change.after)}`
  if (files === undefined) return sides
  const count = files.length + (change.files_cut ?? 0)
  const names = files.slice(0, 5).map(file => `${file.path} ${wordOf[file.change]}`)
  const list = `${names.join(', ')}${count > names.length ? ` and ${count - names.length} more` : ''}`
  return change.part === 'data' ? `${sides} (${list})` : list
}

const wordOf: Record<FileChange['change'], string> = {
  added: 'added',
  removed: 'removed',
  changed: 'changed',
  mode: 'made executable or not',
}

const packageText = ({ name, before, after }: PackageChange): string =>
  `${name} ${before ?? '(none)'} → ${after ?? '(none)'}`

/** Content by its source and digest, everything else as it is. */
function sideText(side: unknown): string {
  if (side === undefined || side === null) return '(none)'
  if (typeof side !== 'object') return String(side)
  const { tree, from } = side as { tree?: unknown; from?: unknown }
  if (typeof tree !== 'string') return JSON.stringify(side)
  const source = typeof from === 'string' && !from.startsWith('hagane://') ? `${from} ` : ''
  return `${source}${tree.slice(0, 12)}`
}

/** Draws the steps of a job as a tree, each with what changed and the lines of code below it. */
export function drawWhy(why: JobWhy): string {
  const lines = [`${why.step ?? why.job}  ${headText(why)}`, ...detailLines(why)]
  const draw = (steps: readonly JobWhy[], indent: string) => {
    for (const [index, step] of steps.entries()) {
      const last = index === steps.length - 1
      const below = `${indent}${last ? '   ' : '│  '}`
      lines.push(`${indent}${last ? '└─' : '├─'} ${step.step ?? step.job}  ${headText(step)}`)
      lines.push(...detailLines(step).map(line => `${below}${line}`))
      draw(step.steps ?? [], below)
    }
  }
  draw(why.steps ?? [], '')
  return `${lines.map(line => harmless(line).replaceAll('\n', ' ')).join('\n')}\n`
}

function headText(why: JobWhy): string {
  if (why.steps === undefined) return decisionText(why)
  const reused = why.steps.filter(step => step.decision === 'reused').length
  return `${why.status}, ${reused} of ${why.steps.length} steps reused`
}

function detailLines(why: JobWhy): string[] {
  return why.changes.flatMap(change => [
    `  ${changeText(change)}`,
    ...(change.files ?? []).flatMap(file => (file.diff === undefined ? [] : diffLines(file))),
  ])
}

function diffLines({ path, diff }: FileChange): string[] {
  const lines = diff?.lines ?? []
  const more = lines.length > maxLines || diff?.cut === true
  return [`    ${path}`, ...lines.slice(0, maxLines).map(line => `      ${line}`), ...(more ? ['      …'] : [])]
}

const oneLine = (text: string): string => harmless(text).replaceAll('\n', ' ')

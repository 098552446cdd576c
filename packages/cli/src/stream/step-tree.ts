import type { JobResource, JobStatus } from '@hagane/contract'
import { harmless, paint, type Style } from '../terminal/terminal.ts'

const marks: Record<JobStatus, readonly [string, Style]> = {
  NotStarted: ['○', 'dim'],
  Queued: ['○', 'dim'],
  Preparing: ['◔', 'cyan'],
  Starting: ['◔', 'cyan'],
  Running: ['●', 'cyan'],
  Finalizing: ['◕', 'cyan'],
  Completed: ['✓', 'green'],
  Failed: ['✗', 'red'],
  CancelRequested: ['■', 'yellow'],
  Canceled: ['■', 'yellow'],
}
const waits: readonly JobStatus[] = ['NotStarted', 'Queued']
const quiet: readonly JobStatus[] = [...waits, 'Completed']

export interface TreeView {
  readonly now: number
  readonly coloured: boolean
  /** Lines there is room for. */
  readonly rows: number
  /** What is said behind a step: the value of a trial. */
  readonly remarkOf?: (step: JobResource) => string
}

/**
 * A pipeline or sweep and its steps as a tree: mark, name, status, time so far, whose result was taken. What does not fit on
 * the screen is counted; steps that run or failed stay in sight.
 */
export function stepTree(job: JobResource, steps: readonly JobResource[], view: TreeView): string[] {
  const below = new Map<string, JobResource[]>()
  for (const step of steps) {
    const parent = step.parent_job_name ?? job.name
    below.set(parent, [...(below.get(parent) ?? []), step])
  }
  const lines: { text: string; quiet: boolean }[] = []
  const draw = (parent: string, indent: string): void => {
    const children = below.get(parent) ?? []
    for (const [index, step] of children.entries()) {
      const last = index === children.length - 1
      lines.push({
        text: `${indent}${last ? '└─' : '├─'} ${lineOf(step, view)}${oneLine(view.remarkOf?.(step) ?? '')}`,
        quiet: quiet.includes(step.status) && step.type === 'command',
      })
      draw(step.name, `${indent}${last ? '   ' : '│  '}`)
    }
  }
  draw(job.name, '')
  return [headOf(job, steps, view), ...fitted(lines, Math.max(3, view.rows - 2))]
}

/** Quiet lines go first when there is no room. */
function fitted(lines: readonly { text: string; quiet: boolean }[], room: number): string[] {
  if (lines.length <= room) return lines.map(({ text }) => text)
  const loud = lines.filter(line => !line.quiet)
  const shown = new Set(loud.slice(0, room - 1))
  for (const line of lines) if (shown.size < room - 1) shown.add(line)
  return [...lines.filter(line => shown.has(line)).map(({ text }) => text), `   … ${lines.length - shown.size} more`]
}

function headOf(job: JobResource, steps: readonly JobResource[], view: TreeView): string {
  const commands = steps.filter(step => step.type === 'command')
  const count = (holds: (step: JobResource) => boolean) => commands.filter(holds).length
  const parts = [
    `${count(step => step.status === 'Completed')} of ${commands.length} done`,
    ...named(count(isReused), 'reused'),
    ...named(
      count(step => step.status === 'Failed'),
      'failed',
    ),
  ]
  return `${lineOf(job, view, harmless(job.display_name))}  ${parts.join(', ')}`
}

const named = (count: number, what: string): string[] => (count === 0 ? [] : [`${count} ${what}`])
const isReused = (step: JobResource): boolean => step.reuse?.from !== undefined

function lineOf(step: JobResource, view: TreeView, name = harmless(step.step ?? step.display_name)): string {
  const [mark, style] = marks[step.status]
  const again = step.status === 'Queued' && step.retries !== undefined ? `  ${harmless(step.queue?.reason ?? '')}` : ''
  const said =
    isReused(step) && step.status === 'Completed' ? `reused ${step.reuse?.from}` : `${step.status}${oneLine(again)}`
  const time = waits.includes(step.status) ? '' : timeOf(step, view.now)
  const details = `${said}${time === '' ? '' : `  ${time}`}${memoryOf(step)}`
  return `${paint(style, mark, view.coloured)} ${oneLine(name)}  ${paint('dim', details, view.coloured)}`
}

const oneLine = (text: string): string => text.replaceAll('\n', ' ')

/** `, 315 MB`: the peak of a step that has ended; 10^6 bytes, as in the metrics. */
function memoryOf({ usage, end_time }: JobResource): string {
  const peak = usage?.peak_memory_bytes
  if (peak === undefined || end_time === undefined) return ''
  return `, ${peak < 1e9 ? `${Math.round(peak / 1e6)} MB` : `${(peak / 1e9).toFixed(1)} GB`}`
}

/** `3.2 s`, `4 min 10 s`; empty before the start. */
function timeOf({ start_time, end_time }: JobResource, now: number): string {
  if (start_time === undefined) return ''
  const seconds = Math.max(0, ((end_time === undefined ? now : Date.parse(end_time)) - Date.parse(start_time)) / 1000)
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

import type { JobStatus } from '@hagane/contract'

/** What can befall a job. */
export type JobEvent =
  | 'queue'
  | 'prepare'
  | 'start'
  | 'run'
  | 'finalize'
  | 'complete'
  | 'fail'
  | 'request-cancel'
  | 'cancel'

const moves: Record<JobStatus, Partial<Record<JobEvent, JobStatus>>> = {
  NotStarted: {
    queue: 'Queued',
    run: 'Running',
    complete: 'Completed',
    fail: 'Failed',
    'request-cancel': 'Canceled',
    cancel: 'Canceled',
  },
  Queued: {
    prepare: 'Preparing',
    complete: 'Completed',
    fail: 'Failed',
    'request-cancel': 'Canceled',
    cancel: 'Canceled',
  },
  Preparing: {
    prepare: 'Preparing',
    start: 'Starting',
    complete: 'Completed',
    fail: 'Failed',
    'request-cancel': 'CancelRequested',
    cancel: 'Canceled',
  },
  Starting: {
    start: 'Starting',
    run: 'Running',
    fail: 'Failed',
    'request-cancel': 'CancelRequested',
    cancel: 'Canceled',
  },
  Running: {
    finalize: 'Finalizing',
    complete: 'Completed',
    fail: 'Failed',
    'request-cancel': 'CancelRequested',
    cancel: 'Canceled',
  },
  Finalizing: { finalize: 'Finalizing', complete: 'Completed', fail: 'Failed', cancel: 'Canceled' },
  CancelRequested: { cancel: 'Canceled', complete: 'Completed', fail: 'Failed', 'request-cancel': 'CancelRequested' },
  Completed: {},
  Failed: {},
  Canceled: {},
}

export type Move = { to: JobStatus } | { refused: string }

/** The status after an event, or why it cannot be. Terminal statuses are left by nothing. */
export function move(from: JobStatus, event: JobEvent): Move {
  const to = moves[from][event]
  return to === undefined ? { refused: `a job that is ${from} cannot ${event.replace('-', ' ')}` } : { to }
}

export interface NodeState {
  status: JobStatus
  after: readonly string[]
}
export interface Advance {
  start: string[]
  cancel: string[]
  /** Set when nothing is left to do. */
  finish?: 'complete' | 'fail' | 'cancel'
}

/** A step that is collecting its outputs is let finish. */
export const isStoppable = (status: JobStatus): boolean =>
  !ended(status) && status !== 'CancelRequested' && status !== 'Finalizing'
const ended = (status: JobStatus): boolean => status === 'Completed' || status === 'Failed' || status === 'Canceled'

/**
 * What a pipeline does next. A node starts when all nodes whose outputs it needs are Completed. A failure cancels the rest, or
 * with `continueOnStepFailure` only what depends on it; the pipeline then still ends as Failed, as in Azure ML.
 */
export function advance(
  nodes: Record<string, NodeState>,
  options: { continueOnStepFailure: boolean; cancelRequested: boolean },
): Advance {
  const entries = Object.entries(nodes)
  const broken = entries.some(([, node]) => node.status === 'Failed' || node.status === 'Canceled')
  const stopAll = options.cancelRequested || (broken && !options.continueOnStepFailure)
  const doomed = doomedNodes(nodes)
  const cancel = entries
    .filter(([key, node]) => isStoppable(node.status) && (stopAll || (node.status === 'NotStarted' && doomed.has(key))))
    .map(([key]) => key)
  const start = stopAll
    ? []
    : entries
        .filter(
          ([key, node]) =>
            node.status === 'NotStarted' &&
            !doomed.has(key) &&
            node.after.every(before => Object.hasOwn(nodes, before) && nodes[before]?.status === 'Completed'),
        )
        .map(([key]) => key)
  if (start.length > 0 || cancel.length > 0 || entries.some(([, node]) => !ended(node.status))) return { start, cancel }
  return {
    start,
    cancel,
    finish: entries.some(([, node]) => node.status === 'Failed') ? 'fail' : broken ? 'cancel' : 'complete',
  }
}

/** Nodes that can never start, because something before them failed or was cancelled. */
function doomedNodes(nodes: Record<string, NodeState>): Set<string> {
  const dependents = new Map<string, string[]>()
  for (const [key, node] of Object.entries(nodes))
    for (const before of node.after) dependents.set(before, [...(dependents.get(before) ?? []), key])
  const doomed = new Set<string>()
  const spread = Object.keys(nodes).filter(key => nodes[key]?.status === 'Failed' || nodes[key]?.status === 'Canceled')
  for (let key = spread.pop(); key !== undefined; key = spread.pop()) {
    const next = (dependents.get(key) ?? []).filter(name => !doomed.has(name))
    for (const name of next) doomed.add(name)
    spread.push(...next)
  }
  return doomed
}

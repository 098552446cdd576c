import type { JobStatus } from '@hagane/contract'

/** What can befall a job. */
export type JobEvent =
  | 'queue'
  | 'prepare'
  | 'start'
  | 'run'
  | 'finalize'
  /** It did not stand, and waits to be tried again. */
  | 'retry'
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
    retry: 'Queued',
    prepare: 'Preparing',
    complete: 'Completed',
    fail: 'Failed',
    'request-cancel': 'Canceled',
    cancel: 'Canceled',
  },
  Preparing: {
    retry: 'Queued',
    prepare: 'Preparing',
    start: 'Starting',
    complete: 'Completed',
    fail: 'Failed',
    'request-cancel': 'CancelRequested',
    cancel: 'Canceled',
  },
  Starting: {
    retry: 'Queued',
    start: 'Starting',
    run: 'Running',
    fail: 'Failed',
    'request-cancel': 'CancelRequested',
    cancel: 'Canceled',
  },
  Running: {
    retry: 'Queued',
    finalize: 'Finalizing',
    complete: 'Completed',
    fail: 'Failed',
    'request-cancel': 'CancelRequested',
    cancel: 'Canceled',
  },
  Finalizing: { retry: 'Queued', finalize: 'Finalizing', complete: 'Completed', fail: 'Failed', cancel: 'Canceled' },
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
  /** What the conditions around it say: not known yet, run it, or leave it out. Without any it runs. */
  guard?: 'wait' | 'run' | 'skip'
}
export interface Advance {
  start: string[]
  cancel: string[]
  /** Not started and never to be: a condition, or what a skipped node would have made, leaves them out. */
  skip?: string[]
  /** Set when nothing is left to do. */
  finish?: 'complete' | 'fail' | 'cancel'
}

/** A step that is collecting its outputs is let finish. */
export const isStoppable = (status: JobStatus): boolean =>
  !ended(status) && status !== 'CancelRequested' && status !== 'Finalizing'
const ended = (status: JobStatus): boolean => status === 'Completed' || status === 'Failed' || status === 'Canceled'

/**
 * What a pipeline does next. A node starts when all nodes whose outputs it needs are Completed. A failure cancels the rest, or
 * with `continueOnStepFailure` only what depends on it; the pipeline then still ends as Failed, as in Azure ML. A node that a
 * condition leaves out is skipped with all that needs it; it ends as Canceled, and the pipeline does not fail for it.
 */
export function advance(
  nodes: Record<string, NodeState>,
  options: { continueOnStepFailure: boolean; cancelRequested: boolean },
): Advance {
  const entries = Object.entries(nodes)
  const skipped = spread(nodes, key => nodes[key]?.guard === 'skip')
  const broken = entries.some(([key, node]) => isBad(node.status) && !(node.status === 'Canceled' && skipped.has(key)))
  const stopAll = options.cancelRequested || (broken && !options.continueOnStepFailure)
  const doomed = spread(nodes, key => isBad(nodes[key]?.status) && !skipped.has(key))
  const skip = stopAll
    ? []
    : entries.filter(([key, node]) => node.status === 'NotStarted' && skipped.has(key)).map(([key]) => key)
  const cancel = entries
    .filter(
      ([key, node]) =>
        isStoppable(node.status) && (stopAll || (node.status === 'NotStarted' && doomed.has(key) && !skipped.has(key))),
    )
    .map(([key]) => key)
  const start = stopAll
    ? []
    : entries
        .filter(
          ([key, node]) =>
            node.status === 'NotStarted' &&
            !doomed.has(key) &&
            !skipped.has(key) &&
            node.guard !== 'wait' &&
            node.after.every(before => Object.hasOwn(nodes, before) && nodes[before]?.status === 'Completed'),
        )
        .map(([key]) => key)
  if (start.length > 0 || cancel.length > 0 || skip.length > 0 || entries.some(([, node]) => !ended(node.status)))
    return skip.length > 0 ? { start, cancel, skip } : { start, cancel }
  return {
    start,
    cancel,
    finish: entries.some(([, node]) => node.status === 'Failed') ? 'fail' : broken ? 'cancel' : 'complete',
  }
}

const isBad = (status: JobStatus | undefined): boolean => status === 'Failed' || status === 'Canceled'

/** The nodes for which `holds`, and all that need what those make. */
function spread(nodes: Record<string, NodeState>, holds: (key: string) => boolean): Set<string> {
  const dependents = new Map<string, string[]>()
  for (const [key, node] of Object.entries(nodes))
    for (const before of node.after) dependents.set(before, [...(dependents.get(before) ?? []), key])
  const reached = new Set(Object.keys(nodes).filter(holds))
  const open = [...reached]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const next = (dependents.get(key) ?? []).filter(name => !reached.has(name))
    for (const name of next) reached.add(name)
    open.push(...next)
  }
  return reached
}

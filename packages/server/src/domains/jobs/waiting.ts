import type { JobNeeds } from './model/needs.ts'
import { STEP_TASK } from './model/step-task.ts'
import type { JobRow } from './model/tables.ts'
import { retryText, triesOf } from './model/tries.ts'

/** Why a queued step does not run yet. */
export interface Waiting {
  ahead: number
  reason: string
}

/** Why each of the queued steps among some jobs waits, by name: a page of a list is asked for together. */
export async function whyWaiting(
  { tasks, compute, clock }: Pick<JobNeeds, 'tasks' | 'compute' | 'clock'>,
  rows: readonly Pick<JobRow, 'workspace' | 'name' | 'status' | 'type' | 'compute' | 'tries'>[],
): Promise<ReadonlyMap<string, Waiting>> {
  const queued = rows.filter(row => row.status === 'Queued' && row.type === 'command')
  if (queued.length === 0) return new Map()
  const ahead = await tasks.ahead(
    STEP_TASK,
    queued.map(row => `job/${row.name}`),
  )
  const [running, limits] = [await tasks.running(STEP_TASK), await compute.limits()]
  return new Map(
    queued.map(row => {
      const before = ahead.get(`job/${row.name}`)
      const queue = compute.queueOf(row.workspace, row.compute)
      const reason =
        before === undefined
          ? (retryText(triesOf(row), clock.now().getTime()) ?? 'it is about to start, or waits to be tried again')
          : reasonOf(before, queue, running, limits)
      return [row.name, { ahead: before ?? 0, reason }]
    }),
  )
}

type Sums = Awaited<ReturnType<JobNeeds['tasks']['running']>>
type Limits = Awaited<ReturnType<JobNeeds['compute']['limits']>>

function reasonOf(ahead: number, queue: string, running: Sums, limits: Limits): string {
  const name = queue.slice(queue.indexOf('/') + 1)
  const [now, limit] = [running.get(queue), limits.get(queue)]
  const parts = [
    ...(ahead === 0 ? [] : [`${ahead} of the same user and priority ${ahead === 1 ? 'is' : 'are'} before it`]),
    ...(now !== undefined && limit?.running !== undefined && now.running >= limit.running
      ? [`compute ${name} runs ${now.running} of ${limit.running} steps (max_concurrent_jobs)`]
      : []),
    ...(now !== undefined && limit?.cores !== undefined && now.cores >= limit.cores
      ? [`the ${limit.cores} cores of compute ${name} are taken`]
      : []),
    ...(now !== undefined && limit?.memoryMb !== undefined && now.memoryMb >= limit.memoryMb
      ? [`the memory of compute ${name} is taken`]
      : []),
  ]
  return parts.length === 0 ? 'it is next; the machine is busy' : parts.join('; ')
}

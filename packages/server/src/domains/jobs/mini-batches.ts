import type { JobResource } from '@hagane/contract'
import type { JobNeeds } from './model/needs.ts'
import type { JobRow } from './model/tables.ts'

const DRIVERS = /python -m hagane_(?:parallel|batch)\b/

/** How far a step has come that cuts its input into mini-batches, from the metrics it logs; nothing of any other job. */
export async function miniBatchesOf(
  { tracking }: Pick<JobNeeds, 'tracking'>,
  row: Pick<JobRow, 'workspace' | 'name' | 'type' | 'plan' | 'attempts'>,
): Promise<Pick<JobResource, 'progress'>> {
  if (row.type !== 'command' || row.attempts === 0 || !DRIVERS.test(row.plan)) return {}
  const metrics = await tracking.latestMetrics(row.workspace, row.name)
  const count = (name: string): number | undefined => (Number.isFinite(metrics[name]) ? metrics[name] : undefined)
  const total = count('mini_batches_total')
  if (total === undefined) return {}
  const items = count('items_total')
  return {
    progress: {
      mini_batches: { total, done: count('mini_batches_done') ?? 0, failed: count('mini_batches_failed') ?? 0 },
      items: {
        ...(items === undefined ? {} : { total: items }),
        done: count('items_done') ?? 0,
        failed: count('items_failed') ?? 0,
      },
    },
  }
}

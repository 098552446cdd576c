import type { Tx } from '../../../kernel/db/index.ts'
import type { Measuring, UsagePoint } from '../../compute/index.ts'
import type { JobNeeds, StepMeasures } from './needs.ts'

/** A step that is over sooner costs no look at the process table. */
const WORTH_MS = 1000

/** What is measured of a step, by us or by an MLflow client; never the same twice. */
export const isSystemMetric = (key: string): boolean => key.startsWith('system/')

/** See StepMeasures. */
export function buildStepMeasures({
  db,
  tracking,
  compute,
  log,
  noteUsage,
}: Pick<JobNeeds, 'db' | 'tracking' | 'compute' | 'log' | 'noteUsage'>): StepMeasures {
  const running = new Map<string, Measuring>()
  return {
    async during({ workspace, name, created_by, compute: target }, { pid, startedAt }, folder, work) {
      const key = `${workspace}/${name}`
      const tell = (points: readonly UsagePoint[]) => {
        noteUsage?.({ workspace, job: name, compute: target }, points)
        const write = (tx: Tx) => tracking.logMetrics(tx, name, points.flatMap(metricsOf))
        return db.withTransaction({ workspace, actor: created_by }, write, 'relaxed')
      }
      const failed = (error: unknown) =>
        log.warn({ err: error, job: name }, 'what a step uses could not be written down')
      let measuring: Measuring | undefined
      const begin = () => {
        measuring = compute.driver.measure({ folder, pid, startedAt }, tell, failed)
        running.set(key, measuring)
      }
      const timer = setTimeout(begin, WORTH_MS)
      try {
        return await work
      } finally {
        clearTimeout(timer)
        if (running.get(key) === measuring) running.delete(key)
        await measuring?.end()
      }
    },
    noteKeys(workspace, runId, keys) {
      if (keys.some(isSystemMetric)) running.get(`${workspace}/${runId}`)?.silence()
    },
  }
}

const metricsOf = ({ timestamp, step, values }: UsagePoint) =>
  Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step }))

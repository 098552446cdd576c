import type { Measuring, UsagePoint } from '../../compute/index.ts'
import type { JobNeeds, StepMeasures } from './needs.ts'

/** A step that is over sooner costs no look at the process table. */
const WORTH_MS = 1000
const OURS = 'system/'

/** See StepMeasures. */
export function buildStepMeasures({
  db,
  tracking,
  compute,
  log,
}: Pick<JobNeeds, 'db' | 'tracking' | 'compute' | 'log'>): StepMeasures {
  const running = new Map<string, Measuring>()
  return {
    async during({ workspace, name, created_by }, { pid, startedAt }, folder, work) {
      const key = `${workspace}/${name}`
      const tell = (points: readonly UsagePoint[]) =>
        db.withTransaction(
          { workspace, actor: created_by },
          tx => tracking.logMetrics(tx, name, points.flatMap(metricsOf)),
          'relaxed',
        )
      const failed = (error: unknown) =>
        log.warn({ err: error, job: name }, 'what a step uses could not be written down')
      const begin = () => running.set(key, compute.driver.measure({ folder, pid, startedAt }, tell, failed))
      const timer = setTimeout(begin, WORTH_MS)
      try {
        return await work
      } finally {
        clearTimeout(timer)
        const measuring = running.get(key)
        running.delete(key)
        await measuring?.end()
      }
    },
    noteKeys(workspace, runId, keys) {
      if (keys.some(key => key.startsWith(OURS))) running.get(`${workspace}/${runId}`)?.silence()
    },
  }
}

const metricsOf = ({ timestamp, step, values }: UsagePoint) =>
  Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step }))

import { HaganeError, type ScheduleTrigger, type SignalResult } from '@hagane/contract'
import type { Who } from '../../kernel/db/index.ts'
import type { Task } from '../../kernel/tasks/index.ts'
import { JUDGE } from './action.ts'
import { type Case, judge, notJudged, openBench } from './judge/index.ts'
import type { MonitoringNeeds } from './needs.ts'
import { type PlannedSignal, signalsOf, targetOf } from './plan.ts'
import { findRun } from './reads.ts'
import { definitionOf, failRun, settleRun } from './settle.ts'
import { changeRun, runForUpdate } from './store.ts'
import type { RunRow } from './tables.ts'

/** Runs that are judged at once. */
const AT_ONCE = 2

/**
 * Judges runs: a task for each, claimed by one server at a time. Whatever is killed, the run is judged again from its moment and
 * its definition, which do not change, and written down once.
 */
export function registerRuns(needs: MonitoringNeeds): void {
  needs.tasks.register(JUDGE, {
    concurrency: AT_ONCE,
    handle: (task, signal) => carryOut(needs, task, signal),
    onGivenUp: (task, error) =>
      needs.db.withTransaction(whoOf(task), tx =>
        failRun(tx, nameOf(task), error instanceof Error ? error.message : String(error)),
      ),
  })
}

const nameOf = (task: Task): string => String(task.payload.run)
const whoOf = (task: Task): Who => ({
  workspace: task.workspace,
  actor: task.subject.replace('monitor/', 'monitor:'),
})

async function carryOut(needs: MonitoringNeeds, task: Task, signal: AbortSignal): Promise<void> {
  const row = await findRun(needs.db, task.workspace, nameOf(task))
  if (row === undefined || row.finished_at !== null) return
  await needs.db.withTransaction(
    whoOf(task),
    async tx => {
      const now = await runForUpdate(tx, row.name)
      if (now?.status === 'Queued') await changeRun(tx, now, { status: 'Running' })
    },
    'relaxed',
  )
  const results = await resultsOf(needs, row, signal)
  if (signal.aborted) throw signal.reason
  await needs.db.withTransaction(whoOf(task), tx => settleRun(tx, row.name, results, needs.chart))
}

/** Every signal's result; one that fails in its own way says so and holds up no other. */
async function resultsOf(needs: MonitoringNeeds, row: RunRow, signal: AbortSignal): Promise<SignalResult[]> {
  const definition = definitionOf(row)
  const target = targetOf(definition)
  const deployed =
    target === undefined ? undefined : await needs.deployment(row.workspace, target.endpoint, target.deployment)
  const about: Case = {
    workspace: row.workspace,
    monitor: row.monitor,
    run: row.name,
    moment: new Date(row.time),
    trigger: (JSON.parse(row.definition) as { trigger: ScheduleTrigger }).trigger,
    task: definition.monitoring_target?.ml_task,
    model: definition.monitoring_target?.model_id ?? deployed?.model,
    target,
    deployed,
  }
  await using bench = await openBench(needs, about, signal)
  const results: SignalResult[] = []
  for (const planned of waitingFirst(signalsOf(definition))) {
    signal.throwIfAborted()
    results.push(
      await judge(bench, planned).catch((error: unknown) => {
        if (signal.aborted || !(error instanceof HaganeError) || !lasting.includes(error.kind)) throw error
        return notJudged(planned, [error.message, error.hint].filter(text => text !== undefined).join('; '))
      }),
    )
  }
  return results
}

/** Signals that wait for jobs come first, so that nothing is judged before those have ended. */
const waitingFirst = (signals: readonly PlannedSignal[]): PlannedSignal[] => [
  ...signals.filter(mayWait),
  ...signals.filter(planned => !mayWait(planned)),
]

const mayWait = ({ signal }: PlannedSignal): boolean =>
  signal.type === 'custom' || JSON.stringify(signal).includes('"pre_processing_component"')

/** What is wrong with the data or the definition will be wrong at the next try. */
const lasting: readonly string[] = ['invalid', 'not_found', 'unsupported', 'conflict', 'forbidden']

import type { Logger } from '../../../kernel/log.ts'
import type { StepProcess } from '../../compute/index.ts'
import type { RunningSteps } from './needs.ts'

interface Carried {
  stop: AbortController
  step?: StepProcess
}

/** See RunningSteps. */
export function buildRunningSteps(log: Logger): RunningSteps {
  const carried = new Map<string, Carried>()
  const keyOf = (workspace: string, name: string): string => `${workspace}/${name}`
  return {
    carry(workspace, name) {
      const mine: Carried = { stop: new AbortController() }
      carried.set(keyOf(workspace, name), mine)
      return {
        stop: mine.stop.signal,
        end: () => {
          if (carried.get(keyOf(workspace, name)) === mine) carried.delete(keyOf(workspace, name))
        },
      }
    },
    watch(workspace, name, step) {
      const mine = carried.get(keyOf(workspace, name))
      if (mine !== undefined) mine.step = step
    },
    requestStop(workspace, name) {
      const mine = carried.get(keyOf(workspace, name))
      mine?.stop.abort(new Error('the job was asked to stop'))
      mine?.step
        ?.cancel()
        .catch(error => log.error({ err: error, job: name }, 'the processes of a step could not be ended'))
    },
  }
}

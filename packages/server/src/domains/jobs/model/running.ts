import type { RunningSteps, StepProcess } from './needs.ts'

/** See RunningSteps. */
export function buildRunningSteps(): RunningSteps {
  const watched = new Map<string, StepProcess>()
  const keyOf = (workspace: string, name: string): string => `${workspace}/${name}`
  return {
    watch(workspace, name, step) {
      watched.set(keyOf(workspace, name), step)
      return () => watched.delete(keyOf(workspace, name))
    },
    requestStop: (workspace, name) => void watched.get(keyOf(workspace, name))?.cancel(),
  }
}

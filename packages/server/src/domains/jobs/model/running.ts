import type { StepProcess } from './needs.ts'

/** The processes that this server watches, so that a request to stop reaches them at once. */
export interface RunningSteps {
  watch(workspace: string, name: string, step: StepProcess): () => void
  /** Ends a step's process tree if it is watched here. One that is about to start finds the request in its row. */
  requestStop(workspace: string, name: string): void
}

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

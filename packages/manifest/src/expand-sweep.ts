import { bindTrial } from './bindings.ts'
import { expandCommandComponent } from './expand-command.ts'
import type { Loading } from './loading.ts'
import { isYamlPath } from './local-path.ts'
import { keepLiteral } from './number-text.ts'
import { type Cursor, mapAt, own } from './tree.ts'

/** The trial of a sweep: a component in a file, or what a command needs, written here. */
async function expandTrial(loading: Loading, sweep: Cursor): Promise<void> {
  const value = own(sweep.map, 'trial')
  const inFile = typeof value === 'string' && isYamlPath(value)
  const trial = inFile ? await loading.inlineYaml(sweep, 'trial') : mapAt(sweep, 'trial')
  if (trial === undefined) return
  await expandCommandComponent(loading, trial)
  // a trial written here may use the sweep's own inputs without declaring them
  if (inFile) bindTrial(loading, sweep, trial.map)
}

/** Values of a choice keep their source text: `1e-3` reaches the command as it was written. */
function expandSearchSpace(loading: Loading, sweep: Cursor): void {
  const space = mapAt(sweep, 'search_space')
  for (const name of Object.keys(space?.map ?? {})) {
    const entry = space === undefined ? undefined : mapAt(space, name)
    if (entry !== undefined) keepLiteral(loading.origins, entry.map, 'values')
  }
}

/** What a sweep has beyond other jobs and nodes: its trial, fitted to the inputs and the search space, and the space itself. */
export async function expandSweep(loading: Loading, sweep: Cursor): Promise<void> {
  await expandTrial(loading, sweep)
  expandSearchSpace(loading, sweep)
}

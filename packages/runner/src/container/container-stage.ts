import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { stepEnvironment } from '../job-environment.ts'
import { layout } from '../layout.ts'
import { stepToken, stepVariable } from '../step-variable.ts'
import type { StepOutput, StepPaths, StepPlan } from '../types.ts'
import type { Mount, StepContainer } from './container-arguments.ts'
import { containerLauncher } from './container-launcher.ts'
import { engineEnvironment } from './container-state.ts'

/** Of this machine's settings a container gets the way to the internet; everything else comes with its image. */
const inheritedName = /^(https?|all|no|ftp)_proxy$/i

interface Staged {
  plan: StepPlan & { container: StepContainer }
  command: string
  paths: StepPaths
  outputs: readonly (StepOutput & { path: string })[]
  temporary: string
  prefixes: string[]
  shims: string | undefined
}

/** What starts in place of the command when it runs in a container: shell text, and the environment of the engine's client. */
export function stageContainer(staged: Staged): { command: string; environment: Record<string, string> } {
  const { plan, temporary, prefixes, shims } = staged
  if (plan.distribution !== undefined)
    throw new HaganeError(
      'unsupported',
      'distribution: a step of several processes runs on the machine, not in a container',
    )
  const home = join(temporary, 'home')
  mkdirSync(join(layout(plan.folder).temporary, 'home'), { recursive: true })
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => inheritedName.test(name)))
  const own = { HOME: home, ...plan.environment }
  const { PATH: _, ...variables } = stepEnvironment({
    inherited,
    own,
    folder: plan.folder,
    temporary,
    prefixes,
    shims,
  })
  const command = containerLauncher({
    container: plan.container,
    folder: plan.folder,
    mounts: mountsOf(staged),
    variables: plan.environment.PATH === undefined ? variables : { ...variables, PATH: plan.environment.PATH },
    path: [...prefixes.map(prefix => join(prefix, 'bin')), join(own.HOME, '.local', 'bin')],
    command: staged.command,
  })
  return { command, environment: { ...engineEnvironment(), [stepVariable]: stepToken(plan.folder) } }
}

/** What the command may see: its inputs and outputs where they lie outside its own folder, and what it needs to run. */
function mountsOf({ plan, paths, outputs, temporary, shims }: Staged): Mount[] {
  const outside = (path: string): boolean => !path.startsWith(`${plan.folder}/`)
  const inputs = plan.inputs.flatMap(({ name, mode, source }): Mount[] => {
    const path = paths.inputs[name]
    const readOnly = !(source.kind === 'path' && mode === 'rw_mount')
    return path === undefined || !outside(path) ? [] : [{ source: path, target: path, readOnly }]
  })
  const targets = outputs.filter(({ path }) => outside(path)).map(({ kind, path }) => folderOf(kind, path))
  const shared = [...plan.container.readOnly, ...(shims === undefined ? [] : [shims])]
  const own = layout(plan.folder).temporary
  return [
    ...(temporary === own ? [] : [{ source: own, target: temporary, readOnly: false }]),
    ...shared.map(path => ({ source: path, target: path, readOnly: true })),
    ...inputs,
    ...targets.map(path => ({ source: path, target: path, readOnly: false })),
  ]
}

/** A file that is not there yet cannot be shown; its folder can. */
const folderOf = (kind: StepOutput['kind'], path: string): string =>
  kind === 'folder' ? path : path.slice(0, path.lastIndexOf('/')) || '/'

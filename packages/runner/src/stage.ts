import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HaganeError } from '@hagane/contract'
import { findBasePython } from './base-python.ts'
import { stageContainer } from './container/container-stage.ts'
import { copyTree } from './copy-tree.ts'
import { inheritable, stepEnvironment } from './job-environment.ts'
import { layout, type StepRecord, writeRecord } from './layout.ts'
import { memoryKills } from './memory-kills.ts'
import { makeOwnPackages } from './own-packages.ts'
import { placeInput, placeOutput } from './place.ts'
import { preludeOf } from './prelude.ts'
import { launcherOf } from './ranks/rank-launcher.ts'
import { shortLink } from './temporary-link.ts'
import type { ContentStore, StagedStep, StepPlan } from './types.ts'

/** Linux takes no longer argument (MAX_ARG_STRLEN). */
const LONGEST_COMMAND = 128 * 1024 - 1

/**
 * Makes the folder of one attempt complete: code in `work/` with `outputs/` and `logs/`, inputs at their paths, empty
 * output folders, environment, `step.json` and `run.sh`. May be repeated until the step is started.
 * Throws `conflict` when it was, `not_found` for content that is not there, `invalid` for a plan that cannot be laid out.
 */
export async function stage(plan: StepPlan, content: ContentStore): Promise<StagedStep> {
  const places = layout(plan.folder)
  makeFolders(plan.folder)
  if (plan.code !== undefined) {
    await copyTree(content, { digest: plan.code.tree, path: plan.code.path }, places.work, 'code')
  }
  for (const name of ['outputs', 'logs']) mkdirSync(join(places.work, name), { recursive: true })
  const inputs: Record<string, string> = {}
  for (const input of plan.inputs) inputs[input.name] = await placeInput(input, plan.folder, content)
  const outputs = plan.outputs.map(output => placeOutput(output, plan.folder))
  const paths = { inputs, outputs: Object.fromEntries(outputs.map(output => [output.name, output.path])) }
  const command = checkedCommand(plan.render(paths))
  const started = startedAs(plan, { command, paths, outputs, prefixes: await pythonPrefixes(plan) })
  const timeoutSeconds = plan.timeoutSeconds
  const record: StepRecord = { name: plan.name, command, paths, outputs, environment: Object.keys(plan.environment) }
  const { python, container } = plan
  const inContainer = container === undefined ? {} : { container: { engine: container.engine, image: container.image } }
  writeRecord(plan.folder, {
    ...record,
    python: python?.prefix,
    timeoutSeconds,
    memoryKills: memoryKills(),
    ...inContainer,
  })
  const notes = (plan.notes ?? []).map(note => `hagane: ${note}\n`).join('')
  if (notes !== '') writeFileSync(places.log, notes, { mode: 0o600 })
  writeFileSync(places.command, `${command}\n`, { mode: 0o600 })
  writeFileSync(places.prelude, preludeOf(plan.folder, started.environment.BASH_ENV), { mode: 0o600 })
  const environment = { ...started.environment, BASH_ENV: places.prelude }
  return {
    name: plan.name,
    folder: plan.folder,
    command: checkedCommand(started.command),
    paths,
    environment,
    timeoutSeconds,
  }
}

interface Laid {
  command: string
  paths: StagedStep['paths']
  outputs: StepRecord['outputs']
  prefixes: string[]
}

/** What is started in place of the command, and the whole environment of that process. */
function startedAs(plan: StepPlan, laid: Laid): { command: string; environment: Record<string, string> } {
  const places = layout(plan.folder)
  const temporary = shortLink(places.temporary) ?? places.temporary
  const shims = plan.shims ?? besideThis('../../python/shims')
  const { container } = plan
  if (container !== undefined) return stageContainer({ plan: { ...plan, container }, ...laid, temporary, shims })
  const environment = stepEnvironment({
    inherited: process.env,
    own: plan.environment,
    folder: plan.folder,
    temporary,
    prefixes: laid.prefixes,
    shims,
    tools: besideThis('../../runner/bin'),
  })
  const { command } = laid
  return {
    command: plan.distribution === undefined ? command : launcherOf(plan.folder, command, plan.distribution),
    environment,
  }
}

function makeFolders(folder: string): void {
  const places = layout(folder)
  if (!isAbsolute(folder)) throw new HaganeError('invalid', `the folder of a step is an absolute path, not ${folder}`)
  if (existsSync(places.marker)) {
    throw new HaganeError('conflict', `the step in ${folder} was started already`, { hint: 'use a new folder' })
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const fresh = [places.work, places.inputs, places.outputs, places.temporary, places.packages]
  if (existsSync(places.work)) for (const path of fresh) rmSync(path, { recursive: true, force: true })
  mkdirSync(places.work)
  mkdirSync(places.temporary, { mode: 0o700 })
}

function checkedCommand(command: string): string {
  const bytes = Buffer.byteLength(command)
  if (bytes <= LONGEST_COMMAND && !command.includes('\0')) return command
  const problem = bytes > LONGEST_COMMAND ? `has ${bytes} bytes` : 'holds a NUL character'
  throw new HaganeError('invalid', `the command ${problem}`, {
    hint: 'put long values into a file and hand it over as an input',
    details: [{ property: 'command', message: problem, allowed: `at most ${LONGEST_COMMAND} bytes, no NUL` }],
  })
}

async function pythonPrefixes(plan: StepPlan): Promise<string[]> {
  const base = plan.python === undefined ? [] : [plan.python.prefix]
  const ownPython = plan.container !== undefined && plan.python === undefined
  if (plan.needsOwnPackages !== true || ownPython) return base
  const target = layout(plan.folder).packages
  const path = plan.environment.PATH ?? inheritable(process.env).PATH ?? ''
  makeOwnPackages(target, await findBasePython(plan.python?.prefix, path))
  return [target, ...base]
}

/** A folder of the repository, or of an installation with the same layout. */
function besideThis(relative: string): string | undefined {
  const path = fileURLToPath(new URL(relative, import.meta.url))
  return existsSync(path) ? path : undefined
}

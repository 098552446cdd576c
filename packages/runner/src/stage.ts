import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HaganeError } from '@hagane/contract'
import { findBasePython } from './base-python.ts'
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
  const environment = stepEnvironment({
    inherited: process.env,
    own: plan.environment,
    folder: plan.folder,
    temporary: shortLink(places.temporary) ?? places.temporary,
    prefixes: await pythonPrefixes(plan),
    shims: plan.shims ?? besideThis('../../python/shims'),
    tools: besideThis('../../runner/bin'),
  })
  const timeoutSeconds = plan.timeoutSeconds
  const record: StepRecord = { name: plan.name, command, paths, outputs, environment: Object.keys(plan.environment) }
  writeRecord(plan.folder, { ...record, python: plan.python?.prefix, timeoutSeconds, memoryKills: memoryKills() })
  const notes = (plan.notes ?? []).map(note => `hagane: ${note}\n`).join('')
  if (notes !== '') writeFileSync(places.log, notes, { mode: 0o600 })
  writeFileSync(places.command, `${command}\n`, { mode: 0o600 })
  writeFileSync(places.prelude, preludeOf(plan.folder, environment.BASH_ENV), { mode: 0o600 })
  const variables = { ...environment, BASH_ENV: places.prelude }
  const started = plan.distribution === undefined ? command : launcherOf(plan.folder, command, plan.distribution)
  return { name: plan.name, folder: plan.folder, command: started, paths, environment: variables, timeoutSeconds }
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
  if (plan.needsOwnPackages !== true) return base
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

import { randomUUID } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, renderText } from '@hagane/contract'
import { adopt } from '../adopt.ts'
import { collect } from '../collect.ts'
import { stage } from '../stage.ts'
import { start } from '../start.ts'
import type { Adopted, Collected, ContentStore, RunningStep, StepExit, StepPlan } from '../types.ts'
import { withFolderLock } from './folder-lock.ts'
import { readSecret, readVariables, type WorkOrder } from './order.ts'
import { serverStore } from './server-store.ts'
import { sharedFolderStore } from './shared-folder-store.ts'

/** What is written into `result.json` of the attempt's folder. */
export interface WorkResult {
  version: 1
  name: string
  /** `lost`: it ran, and nobody saw how it ended. */
  state: 'exited' | 'lost' | 'running' | 'never-started'
  exit?: StepExit
  /** Only of a step that exited with 0. */
  outputs?: Collected['outputs']
  missing?: string[]
  artifacts?: Collected['artifacts']
  reason?: string
}

/** The content store that a work order names. */
function storeOf({ store }: WorkOrder): ContentStore {
  if (store.kind === 'folder') return sharedFolderStore(store.path)
  const token = store.token_file === undefined ? undefined : readSecret(store.token_file).trim()
  return serverStore(
    createClient({
      url: store.url,
      ...(store.workspace === undefined ? {} : { workspace: store.workspace }),
      ...(token === undefined ? {} : { token }),
    }),
  )
}

/** A work order in the terms of the runner. */
function planOf(order: WorkOrder): StepPlan {
  const { name, folder, inputs, outputs, notes, code, python, container, distribution } = order
  return {
    ...{ name, folder, inputs, notes },
    outputs: outputs.map(({ path, fileName, ...output }) => ({
      ...output,
      ...(path === undefined ? {} : { path }),
      ...(fileName === undefined ? {} : { fileName }),
    })),
    render: paths =>
      renderText(order.command, ({ scope, name: wanted }) =>
        scope === 'input' ? paths.inputs[wanted] : scope === 'output' ? paths.outputs[wanted] : undefined,
      ),
    environment: readVariables(order),
    needsOwnPackages: order.needs_own_packages,
    ...(code === undefined ? {} : { code }),
    ...(python === undefined ? {} : { python }),
    ...(container === undefined ? {} : { container }),
    ...(distribution === undefined ? {} : { distribution }),
    ...(order.timeout_seconds === undefined ? {} : { timeoutSeconds: order.timeout_seconds }),
  }
}

/** Stages and starts the step, or takes up the one that was started in this folder before: it runs at most once. */
export function begin(order: WorkOrder): Promise<Adopted> {
  return withFolderLock(order.folder, async () => {
    const found = await adopt(order.folder)
    if (found.state !== 'never-started') return found
    return { state: 'running', step: await start(await stage(planOf(order), storeOf(order))) }
  })
}

const takeUp = ({ folder }: WorkOrder): Promise<Adopted> => withFolderLock(folder, () => adopt(folder))

/** Waits for a step's end, stores what it left behind and writes the result. May be repeated. */
export async function finish(order: WorkOrder, adopted: Adopted): Promise<WorkResult> {
  if (adopted.state === 'never-started') return written(order, { state: 'never-started' })
  if (adopted.state === 'lost') return written(order, { state: 'lost', reason: adopted.reason })
  const exit = adopted.state === 'running' ? await adopted.step.exit : adopted.exit
  if (exit.reason === 'unstarted') return written(order, { state: 'never-started' })
  if (exit.code !== 0) return written(order, { state: exit.reason === 'lost' ? 'lost' : 'exited', exit })
  const { outputs, missing, artifacts } = await collect(order.folder, storeOf(order))
  return written(order, { state: 'exited', exit, outputs, missing, artifacts })
}

/** What became of the step so far, without waiting for it. */
export async function look(order: WorkOrder): Promise<WorkResult> {
  const found = await takeUp(order)
  if (found.state !== 'running') return finish(order, found)
  found.step.release()
  return { version: 1, name: order.name, state: 'running' }
}

/** Ends the step with its whole process tree. */
export async function cancel(order: WorkOrder): Promise<WorkResult> {
  const found = await takeUp(order)
  const step: RunningStep | undefined = found.state === 'running' ? found.step : undefined
  await step?.cancel()
  return finish(order, found)
}

/** The file appears whole, by a rename. */
function written(order: WorkOrder, result: Omit<WorkResult, 'version' | 'name'>): WorkResult {
  const whole: WorkResult = { version: 1, name: order.name, ...result }
  const path = join(order.folder, 'result.json')
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
  return whole
}

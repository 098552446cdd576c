import { constants } from 'node:os'
import { HaganeError, parseReference } from '@hagane/contract'
import { subtree } from '../../../kernel/blobs/index.ts'
import type { Tx, Who } from '../../../kernel/db/index.ts'
import { datastorePath } from '../model/datastore-path.ts'
import type { JobNeeds, StepExit, StepResult } from '../model/needs.ts'
import type { CommandPlan, StoredOutput } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import type { JobEvent } from '../model/transitions.ts'
import { type JobChange, jobForUpdate, keepResult, moveJob } from '../records/store.ts'
import { advanceParent } from './advance.ts'

const TAIL_LINES = 20
const TAIL_WIDTH = 2000
const MODEL_TYPES = ['mlflow_model', 'custom_model', 'triton_model']

interface End {
  event: JobEvent
  run: 'FINISHED' | 'FAILED' | 'KILLED'
  change?: JobChange
  facts?: Record<string, unknown>
  /** Durable unless a restart would come to the same end by itself. */
  durability?: 'relaxed'
  /** Written in the same transaction, before the move; may add to the change. */
  also?: (tx: Tx, row: JobRow) => Promise<JobChange>
}

/** The last act of every step: its status, its run, its token and what its parent does next, in one transaction. */
async function end(needs: JobNeeds, who: Who, name: string, how: End): Promise<void> {
  const work = async (tx: Tx): Promise<void> => {
    const row = await jobForUpdate(tx, name)
    if (['Completed', 'Failed', 'Canceled'].includes(row.status)) return
    const { event, run, change, facts, also } = how
    const more = await also?.(tx, row)
    await moveJob(tx, row, event, { ...change, ...more, end_time: tx.now.toISOString() }, facts)
    await needs.tracking.setRunStatus(tx, name, run, tx.now.getTime())
    await needs.tokens.withdraw(tx, `job:${name}`)
    if (row.parent !== null) await advanceParent(needs, tx, row.parent)
  }
  await needs.db.withTransaction(who, work, how.durability)
}

export async function finishFailed(
  needs: JobNeeds,
  who: Who,
  name: string,
  message: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  await end(needs, who, name, {
    event: 'fail',
    run: 'FAILED',
    change: { error: JSON.stringify({ message, ...more }) },
    facts: { error: message, ...more },
  })
}

export async function finishCanceled(needs: JobNeeds, who: Who, name: string, message: string): Promise<void> {
  await end(needs, who, name, {
    event: 'cancel',
    run: 'KILLED',
    change: { error: JSON.stringify({ message }) },
    facts: { message },
  })
}

/** A step whose process has ended: outputs are collected, or the end of its log says why there are none. */
export async function finishExited(
  needs: JobNeeds,
  who: Who,
  name: string,
  exit: StepExit,
  folder: string,
): Promise<void> {
  const row = await needs.db.withTransaction(
    who,
    async tx => {
      const current = await jobForUpdate(tx, name)
      return current.status === 'Running' || current.status === 'Starting'
        ? moveJob(
            tx,
            current.status === 'Starting' ? await moveJob(tx, current, 'run', { start_time: exit.startedAt }) : current,
            'finalize',
          )
        : current
    },
    'relaxed',
  )
  if (exit.reason === 'exited' && exit.code === 0) return complete(needs, who, row, folder)
  await keepArtifacts(needs, who, row, folder)
  await finishBadExit(needs, who, row, exit, folder)
  await needs.compute.driver.clean(folder)
}

/** The reason why a step that did not exit with 0 has ended. */
async function finishBadExit(
  needs: JobNeeds,
  who: Who,
  { name, status, plan }: JobRow,
  exit: StepExit,
  folder: string,
): Promise<void> {
  if (status === 'CancelRequested' || exit.reason === 'canceled') return finishCanceled(needs, who, name, 'canceled')
  const { timeout } = JSON.parse(plan) as CommandPlan
  if (exit.reason === 'timeout')
    return finishCanceled(needs, who, name, `stopped after ${timeout} s, its limits.timeout`)
  const log_tail = await tailOf(needs, folder)
  const message =
    exit.code === null
      ? 'the process ended without telling its exit code'
      : `${exit.rank === undefined ? 'the command' : `rank ${exit.rank} of the distributed step`} exited with code ${exit.code}${signalOf(exit.code)}`
  return finishFailed(needs, who, name, message, {
    ...(exit.code === null ? {} : { exit_code: exit.code }),
    log_tail,
    log: exit.rank === undefined ? 'user_logs/std_log.txt' : `user_logs/std_log_process_${exit.rank}.txt`,
  })
}

/** The end of the log for the error, which goes into the event chain: a line of a megabyte stays in the log. */
async function tailOf(needs: JobNeeds, folder: string): Promise<string[]> {
  const lines = await needs.compute.driver.tail(folder, TAIL_LINES)
  return lines.map(line => (line.length > TAIL_WIDTH ? `${line.slice(0, TAIL_WIDTH).toWellFormed()}…` : line))
}

/** What a shell tells of a command that a signal ended: 128 and the signal's number. */
function signalOf(code: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0]
  return name === undefined ? '' : ` (${name}${name === 'SIGKILL' ? ', which is also how a lack of memory ends' : ''})`
}

async function keepArtifacts(needs: JobNeeds, who: Who, row: JobRow, folder: string): Promise<void> {
  try {
    const artifacts = await needs.compute.driver.collectArtifacts(folder)
    if (artifacts === undefined) return
    const { entries } = await needs.blobs.getTree(artifacts.digest)
    await needs.db.withTransaction(who, tx => needs.tracking.putArtifactTree(tx, row.name, entries))
  } catch (error) {
    // a failed step keeps its own reason; that its leavings could not be stored is second to it
    needs.log.warn({ err: error, job: row.name }, 'artifacts of a failed step were not stored')
  }
}

async function complete(needs: JobNeeds, who: Who, row: JobRow, folder: string): Promise<void> {
  const plan = JSON.parse(row.plan) as CommandPlan
  const result = await needs.compute.driver.collect(folder)
  const missing = result.missing.filter(output => plan.outputs[output]?.type === 'uri_file')
  if (missing.length > 0)
    return finishFailed(needs, who, row.name, `the command wrote no file for its output ${missing.join(', ')}`, {
      log_tail: await tailOf(needs, folder),
    })
  const outputs = await storeOutputs(needs, row, plan, result)
  const artifacts = result.artifacts === undefined ? [] : (await needs.blobs.getTree(result.artifacts.digest)).entries
  await end(needs, who, row.name, {
    event: 'complete',
    run: 'FINISHED',
    async also(tx, current) {
      await needs.tracking.putArtifactTree(tx, current.name, artifacts)
      await registerOutputs(needs, tx, current, plan, outputs)
      if (plan.deterministic && current.reuse_key !== null) await keepResult(tx, current.reuse_key, current.name)
      return { outputs: JSON.stringify(outputs) }
    },
    facts: { outputs, exit_code: 0 },
  })
  await needs.compute.driver.clean(folder)
}

/** Outputs by name; those with a datastore path are written there too. */
async function storeOutputs(
  needs: JobNeeds,
  row: JobRow,
  plan: CommandPlan,
  result: StepResult,
): Promise<Record<string, StoredOutput>> {
  const outputs: Record<string, StoredOutput> = {}
  for (const [name, made] of Object.entries(result.outputs)) {
    const spec = plan.outputs[name]
    const uri = spec === undefined ? undefined : datastorePath(spec, row.name)
    outputs[name] = {
      type: spec?.type ?? 'uri_folder',
      tree: made.digest,
      path: made.path,
      ...(uri === undefined ? {} : { uri }),
    }
    const place = uri === undefined ? undefined : parseReference(uri)
    if (place?.form === 'datastore')
      await needs.data.datastores.write(row.workspace, place.datastore, place.path, {
        tree: made.digest,
        path: made.path,
      })
  }
  return outputs
}

/** Outputs with a `name:` become assets in the transaction that completes the job. */
async function registerOutputs(
  needs: JobNeeds,
  tx: Tx,
  row: JobRow,
  plan: CommandPlan,
  outputs: Record<string, StoredOutput>,
): Promise<void> {
  for (const [name, output] of Object.entries(outputs)) {
    const spec = plan.outputs[name]
    if (spec?.name === undefined) continue
    const manifest = await needs.blobs.getTree(output.tree)
    const entries = subtree(manifest, output.path)
    const content = {
      tree: output.tree,
      path: output.path,
      size: entries.reduce((sum, entry) => sum + entry.size, 0),
      fileCount: entries.length,
    }
    const source = `azureml://jobs/${row.name}/outputs/${name}`
    const asset = MODEL_TYPES.includes(spec.type)
      ? await needs.models.register(tx, {
          name: spec.name,
          version: spec.version,
          type: spec.type,
          tree: output.tree,
          path: output.path,
          jobName: row.name,
          runId: row.name,
        })
      : await needs.data.register(tx, {
          name: spec.name,
          version: spec.version,
          type: dataType(spec.type),
          content,
          source,
          facts: { job: row.name, output: name },
        })
    output.asset = `azureml:${asset.name}:${asset.version}`
  }
}

function dataType(type: string): 'uri_file' | 'uri_folder' | 'mltable' {
  if (type === 'uri_file' || type === 'uri_folder' || type === 'mltable') return type
  throw new HaganeError('invalid', `an output of type ${type} cannot be registered as a data asset`)
}

/** Takes the results of an earlier identical step: outputs, metrics, parameters and artifacts. */
export async function finishReused(
  needs: JobNeeds,
  who: Who,
  name: string,
  earlier: JobRow,
  { key, lockDigest }: { key: string; lockDigest: string },
): Promise<void> {
  await end(needs, who, name, {
    event: 'complete',
    run: 'FINISHED',
    durability: 'relaxed',
    change: {
      outputs: earlier.outputs,
      reuse_key: key,
      reused_from: earlier.reused_from ?? earlier.name,
      start_time: needs.clock.now().toISOString(),
    },
    facts: {
      reused_from: earlier.reused_from ?? earlier.name,
      reuse_key: key,
      environment_lock: lockDigest,
      outputs: JSON.parse(earlier.outputs),
    },
    async also(tx, row) {
      await needs.tracking.copyRun(tx, earlier.name, row.name)
      return {}
    },
  })
}

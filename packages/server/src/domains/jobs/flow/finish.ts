import { HaganeError, parseReference, pythonText } from '@hagane/contract'
import { subtree } from '../../../kernel/blobs/index.ts'
import type { Tx, Who } from '../../../kernel/db/index.ts'
import type { StepExit, StepResult } from '../../compute/index.ts'
import { datastorePath } from '../model/datastore-path.ts'
import type { JobNeeds } from '../model/needs.ts'
import { booleanOf, isFile, isValue } from '../model/output-kind.ts'
import type { CommandPlan, StoredOutput } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { jobForUpdate, keepResult, moveJobThrough } from '../records/store.ts'
import { end, finishFailed, passedBy } from './end.ts'
import { finishOther, tailOf } from './failed-exit.ts'
import { recordedIfSlow } from './recorded-if-slow.ts'

const MODEL_TYPES = ['mlflow_model', 'custom_model', 'triton_model']

/** A step whose process has ended: outputs are collected, or the end of its log says why there are none. */
export async function finishExited(
  needs: JobNeeds,
  who: Who,
  row: JobRow,
  ended: StepExit,
  folder: string,
): Promise<void> {
  const exit = { ...ended, usage: needs.compute.driver.usageOf(folder) }
  const collecting = exit.reason === 'exited' && exit.code === 0 ? complete : finishOther
  await recordedIfSlow(collecting(needs, who, row, exit, folder), () => recordFinalizing(needs, who, row.name, exit))
  await needs.compute.driver.clean(folder)
}

const recordFinalizing = (needs: JobNeeds, who: Who, name: string, exit: StepExit): Promise<unknown> =>
  needs.db.withTransaction(
    who,
    async tx => {
      const row = await jobForUpdate(tx, name)
      if (row.status !== 'Starting' && row.status !== 'Running') return
      const steps = passedBy(row, 'complete').map(event => ({ event }))
      await moveJobThrough(tx, row, steps, row.status === 'Starting' ? { start_time: exit.startedAt } : {})
    },
    'relaxed',
  )

async function complete(needs: JobNeeds, who: Who, row: JobRow, exit: StepExit, folder: string): Promise<void> {
  const plan = JSON.parse(row.plan) as CommandPlan
  const result = await needs.compute.driver.collect(folder)
  const missing = result.missing.filter(output => isFile(plan.outputs[output]?.type))
  if (missing.length > 0)
    return finishFailed(
      needs,
      who,
      row.name,
      { cause: 'no_output', message: `the command wrote no file for its output ${missing.join(', ')}` },
      {
        log_tail: await tailOf(needs, folder),
      },
      exit,
    )
  const outputs = await storeOutputs(needs, row, plan, result)
  const artifacts = result.artifacts === undefined ? [] : (await needs.blobs.getTree(result.artifacts.digest)).entries
  await end(needs, who, row.name, {
    event: 'complete',
    run: 'FINISHED',
    exit,
    async also(tx, current) {
      await needs.tracking.putArtifactTree(tx, current.name, artifacts)
      await registerOutputs(needs, tx, current, plan, outputs)
      if (isKept(plan) && current.reuse_key !== null) await keepResult(tx, current.reuse_key, current.name)
      return { outputs: JSON.stringify(outputs) }
    },
    facts: { outputs, exit_code: 0 },
  })
}

/** A reproduction registers nothing, so that its results cannot stand for those of a run that did. */
const isKept = ({ deterministic, rerun }: CommandPlan): boolean => deterministic && rerun !== 'reproduction'

/** Outputs by name; those with a datastore path are written there too. */
export async function storeOutputs(
  needs: Pick<JobNeeds, 'data' | 'blobs'>,
  row: JobRow,
  plan: Pick<CommandPlan, 'outputs'>,
  result: Pick<StepResult, 'outputs'>,
): Promise<Record<string, StoredOutput>> {
  const outputs: Record<string, StoredOutput> = {}
  for (const [name, made] of Object.entries(result.outputs)) {
    const spec = plan.outputs[name]
    const uri = spec === undefined || spec.unpublished === true ? undefined : datastorePath(spec, row.name)
    const value = isValue(spec?.type) ? await valueFrom(needs, made, spec?.type, name) : undefined
    outputs[name] = {
      type: spec?.type ?? 'uri_folder',
      tree: made.digest,
      path: made.path,
      ...(value === undefined ? {} : { value }),
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

const LONGEST_VALUE = 64 * 1024

/** The text that the command wrote for an output that is a value. Throws invalid when it is none of its type. */
async function valueFrom(
  needs: Pick<JobNeeds, 'blobs'>,
  made: StepResult['outputs'][string],
  type: string | undefined,
  name: string,
): Promise<string> {
  const refuse = (problem: string): HaganeError =>
    new HaganeError('invalid', `the command wrote ${problem} for its output ${name}, which is a ${type}`, {
      hint: `write the value alone, as text, to the path of \${{outputs.${name}}}`,
    })
  if (made.path === '' || made.size > LONGEST_VALUE) throw refuse(made.path === '' ? 'a folder' : `${made.size} bytes`)
  const entry = (await needs.blobs.getTree(made.digest)).entries.find(({ path }) => path === made.path)
  const text = (await needs.blobs.readAll(entry?.digest ?? '')).toString('utf8').trim()
  const number = text === '' ? Number.NaN : Number(text)
  const fits =
    type === 'boolean'
      ? booleanOf(text) !== undefined
      : type === 'integer'
        ? Number.isInteger(number)
        : type !== 'number' || !Number.isNaN(number)
  if (!fits) throw refuse(`'${text.slice(0, 80)}'`)
  return type === 'boolean' ? pythonText(booleanOf(text)) : text
}

/** Outputs with a `name:` become assets in the transaction that completes the job. */
export async function registerOutputs(
  needs: Pick<JobNeeds, 'blobs' | 'data' | 'models'>,
  tx: Tx,
  row: JobRow,
  plan: Pick<CommandPlan, 'outputs'>,
  outputs: Record<string, StoredOutput>,
): Promise<void> {
  for (const [name, output] of Object.entries(outputs)) {
    const spec = plan.outputs[name]
    if (spec?.name === undefined || spec.unpublished === true) continue
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
          source,
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

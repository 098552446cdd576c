import { type GateSpec, HaganeError, treeUri } from '@hagane/contract'
import { subtree } from '../../kernel/blobs/index.ts'
import type { Tx, Who } from '../../kernel/db/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { deployedEnvironment } from '../endpoints/index.ts'
import type { GateNeeds } from './needs.ts'
import { findGate, runOfKey } from './reads.ts'
import { needsScores, type ScoredModel, scoringJob } from './scoring-job.ts'
import { changeGate, deleteGate, gateForUpdate, insertGate, insertRun } from './store.ts'
import type { RunModel, RunModels } from './tables.ts'

export const JUDGE_TASK = 'gate.judge'
const mostAttempts = 5

/** Creates a gate or replaces the one of its name; runs keep the gate as it was. */
export const putGate = ({ db }: GateNeeds, who: Who, spec: GateSpec): Promise<void> =>
  db.withTransaction(who, async tx => {
    const { name } = spec
    const before = await gateForUpdate(tx, name)
    if (before === undefined) await insertGate(tx, name, JSON.stringify(spec))
    else await changeGate(tx, before, JSON.stringify(spec))
    const type = `dev.hagane.gate.${before === undefined ? 'created' : 'updated'}`
    tx.append({ type, subject: `gate/${name}`, data: { gate: name, spec } })
  })

/** Throws not_found. */
export const removeGate = ({ db }: GateNeeds, who: Who, name: string): Promise<void> =>
  db.withTransaction(who, async tx => {
    if ((await gateForUpdate(tx, name)) === undefined) throw noGate(who.workspace, name)
    await deleteGate(tx, name)
    tx.append({ type: 'dev.hagane.gate.deleted', subject: `gate/${name}`, data: { gate: name } })
  })

export interface Asked {
  gate: string
  candidate: string
  champion?: string | undefined
  /** A caller's key: the second time it is given, the run of the first is answered. */
  idempotency?: string | undefined
}

/**
 * Begins to judge a candidate; the name of the run. Its job, if it needs one, and the run are stored in one transaction. Throws
 * not_found and invalid for a gate, a model or data that cannot be judged.
 */
export async function runGate(needs: GateNeeds, who: Who, asked: Asked): Promise<string> {
  const { db } = needs
  const known = asked.idempotency === undefined ? undefined : await runOfKey(db, who.workspace, asked.idempotency)
  if (known !== undefined) return known.name
  const row = await findGate(db, who.workspace, asked.gate)
  if (row === undefined) throw noGate(who.workspace, asked.gate)
  const spec = JSON.parse(row.spec) as GateSpec
  const name = `gate-${spec.name.slice(0, 200)}-${newUlid(db.clock.now().getTime()).slice(-10).toLowerCase()}`
  const { job, models } = await planRun(needs, who.workspace, name, spec, asked)
  const begin = (tx: Tx) => beginRun(needs, tx, name, spec, models, asked.idempotency)
  try {
    if (job === undefined) await db.withTransaction(who, begin)
    else await needs.jobs.submit(who, { job }, begin)
  } catch (error) {
    // somebody else with the same key was faster
    const other = asked.idempotency === undefined ? undefined : await runOfKey(db, who.workspace, asked.idempotency)
    if (other === undefined) throw error
    return other.name
  }
  return name
}

async function beginRun(
  { tasks }: GateNeeds,
  tx: Tx,
  name: string,
  spec: GateSpec,
  models: RunModels,
  idempotency: string | undefined,
): Promise<void> {
  await insertRun(tx, {
    ...{ name, gate: spec.name, spec: JSON.stringify(spec), models: JSON.stringify(models) },
    idempotency: idempotency ?? null,
  })
  await tasks.enqueue(tx, {
    kind: JUDGE_TASK,
    subject: `gate-run/${name}`,
    payload: { name },
    maxAttempts: mostAttempts,
  })
  const champion = models.champion === undefined ? {} : { champion: models.champion.id }
  tx.append({
    type: 'dev.hagane.gate.started',
    subject: `gate/${spec.name}`,
    data: { gate: spec.name, run: name, candidate: models.candidate.id, ...champion },
  })
}

async function planRun(needs: GateNeeds, workspace: string, name: string, spec: GateSpec, asked: Asked) {
  const found = await needs.models.resolve(workspace, asked.candidate)
  const other = asked.champion ?? `azureml:${found.name}@champion`
  const champion = await needs.models.resolve(workspace, other).catch((error: unknown) => {
    if (asked.champion === undefined && error instanceof HaganeError && error.kind === 'not_found') return undefined
    throw error
  })
  const wantsJob = needsScores(spec) || spec.evaluation !== undefined
  const models: RunModels = {
    candidate: factsOf(found),
    ...(champion === undefined ? {} : { champion: factsOf(champion) }),
    hasJob: wantsJob,
  }
  if (!wantsJob || spec.data === undefined) return { models, job: undefined }
  const content = await needs.data.resolve(workspace, spec.data)
  const path = content.asset ?? treeUri(content.tree, content.path)
  const scored = async (model: typeof found): Promise<ScoredModel> => ({
    model: factsOf(model),
    environment: needsScores(spec) ? await environmentOf(needs, workspace, model) : null,
  })
  const job = scoringJob({
    ...{ name, spec, data: { path, type: content.type }, candidate: await scored(found) },
    champion: champion === undefined ? undefined : await scored(champion),
  })
  return { models: { ...models, data: path }, job }
}

type Resolved = Awaited<ReturnType<GateNeeds['models']['resolve']>>

const factsOf = ({ id, tree, path, runId }: Resolved): RunModel => ({
  ...{ id, tree, path },
  ...(runId === undefined ? {} : { runId }),
})

/** That which an MLflow model brings along. Throws invalid for other models, which nobody knows how to ask. */
async function environmentOf({ blobs, environment }: GateNeeds, workspace: string, model: Resolved) {
  const holdsMlmodel = subtree(await blobs.getTree(model.tree), model.path).some(({ path }) =>
    /(^|\/)MLmodel$/.test(path),
  )
  if (!holdsMlmodel)
    throw new HaganeError('invalid', `model ${model.id} is of type ${model.type}: a gate predicts with MLflow models`, {
      hint: 'log it with MLflow (a python_function), or judge it with a component of your own: evaluation.component and source: component',
    })
  const wanted = await deployedEnvironment(blobs, undefined, { ...model, type: 'mlflow_model' })
  return (await environment(workspace, wanted)).id ?? wanted
}

export const noGate = (workspace: string, name: string, property?: string): HaganeError =>
  new HaganeError(
    'not_found',
    `${property === undefined ? '' : `${property}: `}no gate '${name}' in workspace ${workspace}`,
    {
      hint: '`hagane gate list` shows what there is',
      ...(property === undefined ? {} : { details: [{ property, message: 'no such gate', sent: name }] }),
    },
  )

export const noRun = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no run '${name}' of a gate in workspace ${workspace}`, {
    hint: '`hagane gate runs` shows what there is',
  })

import type { Database, Tx, Who } from '../../../kernel/db/index.ts'
import { appendToLocation, artifactUri, checkArtifactLocation } from '../artifact-space/locations.ts'
import { readsOf, writesOf } from '../tables.ts'
import { alreadyExists, invalidParameter, MlflowError, notFound } from '../wire/mlflow-error.ts'
import { checkLength, checkStrictTag, experimentNumber, type KeyValue, limits } from '../wire/names.ts'
import { type ExperimentRow, findExperiment, findExperimentByName, firstExperiment } from './reads.ts'
import { deleteExperimentTag, insertExperiment, moveRuns, updateExperiment, upsertExperimentTags } from './store.ts'

/** The experiment that every workspace has; clients that choose none write to it under the id "0". */
const DEFAULT = { name: 'Default', id: '0', workspace: 'default' }

const unknown = (experimentId: string) => notFound(`No Experiment with id=${experimentId} exists`)
const created = (row: ExperimentRow) => ({ experiment_id: String(row.experiment_id), name: row.name })

/** Refuses writing into a deleted experiment. */
export function requireActiveExperiment(row: ExperimentRow): void {
  if (row.lifecycle_stage !== 'active')
    throw invalidParameter(
      `The experiment ${row.experiment_id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`,
    )
}

export function buildExperiments(db: Database) {
  const defaults = new Map<string, number>()

  const insert = async (tx: Tx, name: string, location: string | undefined, tags: readonly KeyValue[], id?: number) => {
    const row = await insertExperiment(tx, {
      name,
      artifactLocation: location ?? '',
      ...(id === undefined ? {} : { experimentId: id }),
    })
    if (row === undefined) return undefined
    if (location === undefined) {
      row.artifact_location = artifactUri(String(row.experiment_id))
      await updateExperiment(tx, row.experiment_id, { artifact_location: row.artifact_location })
    }
    await upsertExperimentTags(tx, row.experiment_id, tags)
    tx.append({ type: 'dev.hagane.experiment.created', subject: `experiment/${row.experiment_id}`, data: created(row) })
    return row
  }
  /** The number of the workspace's Default, inside a transaction; makes it when the workspace has no experiment yet. */
  const defaultIn = async (tx: Tx): Promise<number> => {
    const { workspace } = tx.who
    const known = defaults.get(workspace)
    if (known !== undefined) return known
    const number = workspace === DEFAULT.workspace ? 0 : undefined
    const id =
      (await firstExperiment(writesOf(tx), workspace)) ??
      (await insert(tx, DEFAULT.name, undefined, [], number))?.experiment_id ??
      (await firstExperiment(writesOf(tx), workspace))
    if (id === undefined) throw notFound(`No Experiment with id=${DEFAULT.id} exists`)
    tx.afterCommit(() => defaults.set(workspace, id))
    return id
  }
  const ensureDefault = async (who: Who): Promise<number> => {
    const known = defaults.get(who.workspace) ?? (await firstExperiment(readsOf(db), who.workspace))
    if (known === undefined) return db.withTransaction({ workspace: who.workspace, actor: who.actor }, defaultIn)
    defaults.set(who.workspace, known)
    return known
  }

  const findIn = async (tx: Tx, experimentId: string): Promise<ExperimentRow> => {
    const number = experimentId === DEFAULT.id ? await defaultIn(tx) : experimentNumber(experimentId)
    const row = await findExperiment(writesOf(tx), tx.who.workspace, number)
    if (row === undefined) throw unknown(experimentId)
    return row
  }
  const service = {
    ensureDefault,
    findIn,
    /** The number behind an id; "0" is the workspace's own Default. */
    async numberOf(who: Who, experimentId: string): Promise<number> {
      const number = experimentNumber(experimentId)
      return experimentId === DEFAULT.id ? ensureDefault(who) : number
    },
    async get(who: Who, experimentId: string): Promise<ExperimentRow> {
      const row = await findExperiment(readsOf(db), who.workspace, await service.numberOf(who, experimentId))
      if (row === undefined) throw unknown(experimentId)
      return row
    },
    async getByName(who: Who, name: string): Promise<ExperimentRow> {
      await ensureDefault(who)
      const row = await findExperimentByName(readsOf(db), who.workspace, name)
      if (row === undefined) throw notFound(`Could not find experiment with name '${name}'`)
      return row
    },
    create: (who: Who, name: string, location: string | undefined, tags: readonly KeyValue[]): Promise<ExperimentRow> =>
      db.withTransaction(who, async tx => {
        checkExperimentName(name)
        if (location !== undefined) checkArtifactLocation(location)
        const checked = tags.map(tag => checkStrictTag(tag, limits.experimentTagValue))
        await defaultIn(tx)
        await refuseTaken(tx, name)
        const row = await insert(tx, name, location, checked)
        if (row === undefined)
          throw alreadyExists(`Experiment(name=${name}) already exists. Error: somebody made it just now.`)
        return row
      }),
    /** The experiment of this name, made when there is none. Throws when it is deleted. */
    async ensure(tx: Tx, name: string): Promise<ExperimentRow> {
      checkExperimentName(name)
      await defaultIn(tx)
      const find = () => findExperimentByName(writesOf(tx), tx.who.workspace, name)
      // another server may make it in between: then the second look finds it
      const row = (await find()) ?? (await insert(tx, name, undefined, [])) ?? (await find())
      if (row === undefined) throw unknown(name)
      requireActiveExperiment(row)
      return row
    },
    rename: (who: Who, experimentId: string, name: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        const row = await findIn(tx, experimentId)
        if (row.lifecycle_stage !== 'active')
          throw new MlflowError('INVALID_STATE', 'Cannot rename a non-active experiment.')
        checkExperimentName(name)
        if (row.name !== name) await refuseTaken(tx, name)
        await updateExperiment(tx, row.experiment_id, { name })
        changed(tx, 'updated', row, { name, previous_name: row.name })
      }),
    move: (who: Who, experimentId: string, stage: 'active' | 'deleted'): Promise<void> =>
      db.withTransaction(who, async tx => {
        const row = await findIn(tx, experimentId)
        if (row.lifecycle_stage === stage) throw unknown(experimentId)
        await updateExperiment(tx, row.experiment_id, { lifecycle_stage: stage })
        await moveRuns(tx, row.experiment_id, stage)
        changed(tx, stage === 'deleted' ? 'deleted' : 'restored', row, { name: row.name })
      }),
    setTag: (who: Who, experimentId: string, tag: KeyValue): Promise<void> =>
      db.withTransaction(who, async tx => {
        const checked = checkStrictTag(tag, limits.experimentTagValue)
        const row = await findIn(tx, experimentId)
        requireActiveExperiment(row)
        await upsertExperimentTags(tx, row.experiment_id, [checked])
        changed(tx, 'updated', row, { tags: { [checked.key]: checked.value } })
      }),
    deleteTag: (who: Who, experimentId: string, key: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        const row = await findIn(tx, experimentId)
        requireActiveExperiment(row)
        if (!(await deleteExperimentTag(tx, row.experiment_id, key)))
          throw notFound(`No tag with name: ${key} in experiment with id ${experimentId}`)
        changed(tx, 'updated', row, { tags: { [key]: null } })
      }),
  }
  return service
}
export type Experiments = ReturnType<typeof buildExperiments>

/** Where artifacts of a run or a logged model of this experiment go. */
export const locationIn = (row: Pick<ExperimentRow, 'artifact_location'>, ...parts: string[]): string =>
  appendToLocation(row.artifact_location, ...parts)

function checkExperimentName(name: string): void {
  if (name.trim() === '') throw invalidParameter(`Invalid experiment name: '${name}'`)
  checkLength('name', limits.experimentName, name)
}

async function refuseTaken(tx: Tx, name: string): Promise<void> {
  const holder = await findExperimentByName(writesOf(tx), tx.who.workspace, name)
  if (holder === undefined) return
  const deleted = holder.lifecycle_stage === 'deleted' ? ' It is deleted; restore it or choose another name.' : ''
  throw alreadyExists(`Experiment(name=${name}) already exists. Error: the name is taken in this workspace.${deleted}`)
}

const changed = (tx: Tx, what: 'updated' | 'deleted' | 'restored', row: ExperimentRow, data: Record<string, unknown>) =>
  tx.append({
    type: `dev.hagane.experiment.${what}`,
    subject: `experiment/${row.experiment_id}`,
    data: { experiment_id: String(row.experiment_id), ...data },
  })

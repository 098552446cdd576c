import type { Database, Tx, Who } from '../../../kernel/db/index.ts'
import { newHexId, newRunName } from '../../../kernel/ids.ts'
import { type Experiments, locationIn, requireActiveExperiment } from '../experiments/service.ts'
import { readsOf, writesOf } from '../tables.ts'
import { alreadyExists, invalidParameter, MlflowError, notFound } from '../wire/mlflow-error.ts'
import { checkLength, type KeyValue, limits } from '../wire/names.ts'
import { pythonRepr } from '../wire/python-text.ts'
import { findLoggedModel, type LoggedModelData, type LoggedModelRow, loggedModelData, modelOfRun } from './reads.ts'
import { deleteModelTag, insertLoggedModel, insertModelParams, updateLoggedModel, upsertModelTags } from './store.ts'

export type LoggedModelStatus = 'PENDING' | 'READY' | 'UPLOAD_FAILED'

const notKnown = (modelId: string) => notFound(`Logged model with ID '${modelId}' not found.`)
const MAX_NAME = 500
const FORBIDDEN = ['/', ':', '.', '%', '"', "'"]

export interface NewLoggedModel {
  experimentId: string
  name: string | undefined
  modelType: string | undefined
  sourceRunId: string | undefined
  params: readonly KeyValue[]
  tags: readonly KeyValue[]
}

/** The use cases of logged models (MLflow 3): a model that was logged, before anybody registers it. */
export function buildLoggedModels(db: Database, experiments: Experiments) {
  const change = <T>(who: Who, modelId: string, fn: (tx: Tx, row: LoggedModelRow) => Promise<T>): Promise<T> =>
    db.withTransaction(who, async tx => {
      const row = await findLoggedModel(writesOf(tx), tx.who.workspace, modelId)
      if (row === undefined) throw notKnown(modelId)
      return fn(tx, row)
    })
  const service = {
    async get(
      who: Who,
      modelId: string,
      allowDeleted = false,
    ): Promise<{ row: LoggedModelRow; data: LoggedModelData }> {
      const row = await findLoggedModel(readsOf(db), who.workspace, modelId)
      if (row === undefined || (row.lifecycle_stage === 'deleted' && !allowDeleted)) throw notKnown(modelId)
      const data = await loggedModelData(readsOf(db), db.dialect, [modelId])
      return { row, data: data.get(modelId) ?? { params: [], tags: [], metrics: [] } }
    },
    /** Where the newest model of this name is that a run logged; undefined when it logged none. */
    ofRun: (who: Who, runId: string, name: string): Promise<LoggedModelRow | undefined> =>
      modelOfRun(readsOf(db), who.workspace, runId, name),
    create: (who: Who, model: NewLoggedModel): Promise<string> =>
      db.withTransaction(who, async tx => {
        checkName(model.name)
        const experiment = await experiments.findIn(tx, model.experimentId)
        requireActiveExperiment(experiment)
        const modelId = `m-${newHexId()}`
        const row = await insertLoggedModel(tx, {
          model_id: modelId,
          experiment_id: experiment.experiment_id,
          name: model.name ?? newRunName(),
          model_type: model.modelType || null,
          source_run_id: model.sourceRunId || null,
          artifact_uri: locationIn(experiment, 'models', modelId, 'artifacts'),
        })
        await insertModelParams(tx, modelId, checkedParams(model.params))
        await upsertModelTags(tx, modelId, checkedTags(model.tags))
        appendModelEvent(tx, row, 'created', { name: row.name, run_id: row.source_run_id })
        return modelId
      }),
    finalize: (who: Who, modelId: string, status: LoggedModelStatus): Promise<void> =>
      change(who, modelId, async (tx, row) => {
        await updateLoggedModel(tx, modelId, { status })
        if (row.status !== status)
          appendModelEvent(tx, row, 'finalized', { name: row.name, status, run_id: row.source_run_id })
      }),
    remove: (who: Who, modelId: string): Promise<void> =>
      change(who, modelId, async (tx, row) => {
        if (row.lifecycle_stage === 'deleted') return
        await updateLoggedModel(tx, modelId, { lifecycle_stage: 'deleted' })
        appendModelEvent(tx, row, 'deleted', {})
      }),
    setTags: (who: Who, modelId: string, tags: readonly KeyValue[]): Promise<void> =>
      change(who, modelId, tx => upsertModelTags(tx, modelId, checkedTags(tags))),
    /** Keeps the list of registered versions that were made from a logged model, as MLflow's client reads it. */
    noteVersion: (who: Who, modelId: string, name: string, version: string): Promise<void> =>
      change(who, modelId, async tx => {
        const data = (await loggedModelData(writesOf(tx), tx.dialect, [modelId])).get(modelId)
        const held = parseVersions(data?.tags.find(tag => tag.key === VERSIONS_TAG)?.value)
        const entries = [...held, { name, version }].map(versionText)
        await upsertModelTags(tx, modelId, [{ key: VERSIONS_TAG, value: `[${entries.join(', ')}]` }])
      }),
    deleteTag: (who: Who, modelId: string, key: string): Promise<void> =>
      change(who, modelId, async tx => {
        if (!(await deleteModelTag(tx, modelId, key)))
          throw notFound(`No tag with key ${pythonRepr(key)} found for model with ID ${pythonRepr(modelId)}.`)
      }),
    /** Adds params; one that is there already with another value is refused. */
    logParams: (who: Who, modelId: string, params: readonly KeyValue[]): Promise<void> =>
      change(who, modelId, async tx => {
        const held = (await loggedModelData(writesOf(tx), tx.dialect, [modelId])).get(modelId)?.params ?? []
        const known = new Map(held.map(({ key, value }) => [key, value]))
        const checked = checkedParams(params)
        const other = checked.find(({ key, value }) => known.has(key) && known.get(key) !== value)
        if (other !== undefined)
          throw alreadyExists(
            `Param '${other.key}' of logged model '${modelId}' already has the value '${known.get(other.key)}'.`,
          )
        await insertModelParams(
          tx,
          modelId,
          checked.filter(({ key }) => !known.has(key)),
        )
      }),
  }
  return service
}
export type LoggedModels = ReturnType<typeof buildLoggedModels>

const VERSIONS_TAG = 'mlflow.modelVersions'

interface VersionEntry {
  name: string
  version: unknown
}

function parseVersions(tag: string | undefined): VersionEntry[] {
  try {
    const entries: unknown = JSON.parse(tag ?? '[]')
    return Array.isArray(entries)
      ? entries.filter((entry): entry is VersionEntry => typeof entry?.name === 'string')
      : []
  } catch {
    return []
  }
}

/** An entry as Python's json.dumps writes it. */
const versionText = ({ name, version }: VersionEntry): string =>
  `{"name": ${JSON.stringify(name)}, "version": ${/^\d+$/.test(String(version)) ? version : JSON.stringify(version)}}`

function checkName(name: string | undefined): void {
  if (name === undefined) return
  checkLength('name', MAX_NAME, name)
  if (FORBIDDEN.some(character => name.includes(character)))
    throw invalidParameter(
      `Invalid model name (${pythonRepr(name)}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
    )
}

function checkedParams(params: readonly KeyValue[]): readonly KeyValue[] {
  const keys = params.map(({ key }) => key)
  if (new Set(keys).size < keys.length)
    throw new MlflowError('BAD_REQUEST', 'The same param key was sent more than once for a logged model.')
  for (const { key, value } of params) {
    checkLength('Param key', 255, key)
    checkLength('Param value', limits.paramValue, value)
  }
  return params
}

function checkedTags(tags: readonly KeyValue[]): readonly KeyValue[] {
  for (const { key, value } of tags) {
    checkLength('key', 255, key)
    checkLength('value', limits.tagValue, value)
  }
  return tags
}

const appendModelEvent = (tx: Tx, row: LoggedModelRow, what: string, data: Record<string, unknown>) =>
  tx.append({
    type: `dev.hagane.logged-model.${what}`,
    subject: `logged-model/${row.model_id}`,
    data: { model_id: row.model_id, experiment_id: String(row.experiment_id), ...data },
  })

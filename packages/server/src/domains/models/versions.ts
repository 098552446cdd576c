import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkStrictTag, invalidParameter, type KeyValue, limits, notFound, type Tracking } from '../tracking/index.ts'
import { type DeployedModels, refuseDeployed } from './deployed.ts'
import { canonicalStage, isWholeNumber, STAGES } from './names.ts'
import { type FullVersion, findRegistered, findVersion, newestOfStages, type VersionRow, withDetails } from './reads.ts'
import { checkedTags, isPromptTagged, requireRegistered, unknownModel } from './registered.ts'
import { resolveSource } from './resolve-source.ts'
import { type Snapshots, versionUri } from './snapshots.ts'
import { checkPromptSource } from './sources.ts'
import {
  archiveStage,
  deleteVersion,
  deleteVersionTags,
  insertVersion,
  type NewVersion,
  nextVersionNumber,
  updateRegistered,
  updateVersion,
  upsertVersionTags,
} from './store.ts'
import { readsOf, writesOf } from './tables.ts'

export interface VersionRequest {
  name: string
  source: string
  runId: string | undefined
  modelId: string | undefined
  runLink: string | undefined
  description: string | undefined
  tags: readonly KeyValue[]
}

/** MLflow's answer to a version that is not there. */
export const unknownVersion = (name: string, version: string) =>
  isWholeNumber(version)
    ? notFound(`Model Version (name=${name}, version=${version}) not found`)
    : invalidParameter(`Parameter 'version' must be an integer, got '${version}'.`)

export const appendVersionEvent = (
  tx: Tx,
  what: string,
  row: Pick<VersionRow, 'name' | 'version'>,
  data: Record<string, unknown> = {},
): void =>
  tx.append({
    type: `dev.hagane.model.${what}`,
    subject: `model/${row.name}:${row.version}`,
    data: { name: row.name, version: row.version, ...data },
  })

/** Inserts a version and says so. Without a version text the model's next number is taken. */
export async function addVersion(
  tx: Tx,
  version: Omit<NewVersion, 'version' | 'version_number'> & { version?: string | undefined },
  tags: readonly KeyValue[],
): Promise<VersionRow> {
  const number = version.version === undefined ? await nextVersionNumber(tx, version.name) : undefined
  const text = version.version ?? String(number)
  const given = isWholeNumber(text) ? Number(text) : null
  const row = await insertVersion(tx, { ...version, version: text, version_number: number ?? given }, tags)
  if (number === undefined) {
    const { last_version } = await requireRegistered(tx, version.name)
    await updateRegistered(tx, version.name, { last_version: Math.max(last_version, given ?? 0) })
  }
  appendVersionEvent(tx, 'version-created', row, {
    source: row.source,
    type: row.type,
    ...(row.tree === null ? {} : { tree: row.tree }),
    ...(row.run_id === null ? {} : { run_id: row.run_id }),
    ...(row.model_id === null ? {} : { model_id: row.model_id }),
    ...(row.job_name === null ? {} : { job: row.job_name }),
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  })
  return row
}

/** The use cases of model versions as MLflow has them. */
export function buildVersions(db: Database, tracking: Tracking, snapshots: Snapshots, deployed: DeployedModels) {
  const find = async (who: Who, name: string, version: string): Promise<VersionRow> => {
    const row = await findVersion(readsOf(db), who.workspace, name, version)
    if (row === undefined) throw unknownVersion(name, version)
    return row
  }
  const full = async (row: VersionRow): Promise<FullVersion> =>
    (await withDetails(readsOf(db), db.dialect, [row]))[0] ?? { row, tags: [], aliases: [] }
  const change = <T>(
    who: Who,
    name: string,
    version: string,
    fn: (tx: Tx, row: VersionRow) => Promise<T>,
  ): Promise<T> =>
    db.withTransaction(who, async tx => {
      const row = await findVersion(writesOf(tx), tx.who.workspace, name, version)
      if (row === undefined) throw unknownVersion(name, version)
      return fn(tx, row)
    })
  const get = async (who: Who, name: string, version: string) => full(await find(who, name, version))
  return {
    get,
    async create(who: Who, request: VersionRequest): Promise<FullVersion> {
      const tags = checkedTags(request.tags)
      const prompt = isPromptTagged(tags)
      if ((await findRegistered(readsOf(db), who.workspace, request.name)) === undefined)
        throw unknownModel(request.name)
      if (prompt) checkPromptSource(request.source)
      const found = prompt ? undefined : await resolveSource({ db, tracking, snapshots }, who, request)
      const row = await db.withTransaction(who, async tx => {
        await requireRegistered(tx, request.name)
        return addVersion(
          tx,
          {
            name: request.name,
            type: found?.snapshot?.type ?? 'custom_model',
            source: found?.source ?? request.source,
            storage_location: found?.location ?? request.source,
            tree: found?.snapshot?.tree ?? null,
            path: found?.snapshot?.path ?? '',
            size: found?.snapshot?.size ?? null,
            file_count: found?.snapshot?.fileCount ?? null,
            run_id: found?.runId ?? (request.runId || null),
            run_link: request.runLink ?? null,
            model_id: found?.modelId ?? null,
            job_name: null,
            description: request.description ?? null,
            stage: 'None',
            flavors: null,
            properties: '{}',
          },
          tags,
        )
      })
      if (found?.modelId !== undefined) await tracking.noteModelVersion(who, found.modelId, row.name, row.version)
      return full(row)
    },
    update: async (who: Who, name: string, version: string, description: string | undefined): Promise<FullVersion> => {
      await change(who, name, version, async (tx, row) => {
        await updateVersion(tx, row, { description: description ?? null })
        appendVersionEvent(tx, 'version-updated', row, { description: description ?? null })
      })
      return get(who, name, version)
    },
    remove: (who: Who, name: string, version: string): Promise<void> =>
      change(who, name, version, async (tx, row) => {
        await refuseDeployed(deployed, who.workspace, name, version)
        await deleteVersion(tx, row)
        await updateRegistered(tx, name)
        appendVersionEvent(tx, 'version-deleted', row, {
          source: row.source,
          ...(row.tree === null ? {} : { tree: row.tree }),
        })
      }),
    /** Where a client reads the files: our copy of them, or the source when it lies elsewhere. */
    async downloadUri(who: Who, name: string, version: string): Promise<string> {
      const row = await snapshots.ensure(who, await find(who, name, version))
      return row.tree === null ? row.storage_location : versionUri(name, row.version)
    },
    async transition(
      who: Who,
      name: string,
      version: string,
      sent: string,
      archiveOthers: boolean,
    ): Promise<FullVersion> {
      const stage = canonicalStage(sent)
      if (archiveOthers && stage !== 'Staging' && stage !== 'Production')
        throw invalidParameter(
          `Model version transition cannot archive existing model versions because '${sent}' is not an Active stage. Valid stages are ['Staging', 'Production']`,
        )
      await change(who, name, version, async (tx, row) => {
        const archived = archiveOthers ? await archiveStage(tx, name, stage, row.version_no) : []
        await updateVersion(tx, row, { stage })
        await updateRegistered(tx, name)
        appendVersionEvent(tx, 'stage-changed', row, { from: row.stage, to: stage, archived })
      })
      return get(who, name, version)
    },
    async latest(who: Who, name: string, stages: readonly string[]): Promise<FullVersion[]> {
      if ((await findRegistered(readsOf(db), who.workspace, name)) === undefined) throw unknownModel(name)
      const wanted: readonly string[] = stages.length === 0 ? STAGES : stages.map(canonicalStage)
      const rows = await newestOfStages(readsOf(db), db.dialect, who.workspace, [name])
      const chosen = wanted.flatMap(stage => rows.filter(row => row.stage === stage))
      return withDetails(readsOf(db), db.dialect, chosen)
    },
    setTag: (who: Who, name: string, version: string, tag: KeyValue): Promise<void> =>
      change(who, name, version, async (tx, row) => {
        const checked = checkStrictTag(tag, limits.registryTagValue)
        await upsertVersionTags(tx, row.version_no, [checked])
        await updateVersion(tx, row, {}, false)
        appendVersionEvent(tx, 'version-updated', row, { tags: { [tag.key]: tag.value } })
      }),
    deleteTag: (who: Who, name: string, version: string, key: string): Promise<void> =>
      change(who, name, version, async (tx, row) => {
        await deleteVersionTags(tx, row.version_no, key)
        await updateVersion(tx, row, {}, false)
        appendVersionEvent(tx, 'version-updated', row, { tags: { [key]: null } })
      }),
  }
}
export type ModelVersions = ReturnType<typeof buildVersions>

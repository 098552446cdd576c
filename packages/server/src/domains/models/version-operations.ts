import type { Database } from '../../kernel/db/index.ts'
import {
  asKeyValue,
  decodePageToken,
  flag,
  integer,
  keyValue,
  list,
  listOut,
  modelVersionGrammar,
  type Operation,
  operation,
  pageOf,
  parseFilter,
  parseOrderBy,
  required,
  text,
} from '../tracking/index.ts'
import { versionOut } from './messages.ts'
import { registryPageSize } from './operations.ts'
import { withDetails } from './reads.ts'
import { searchVersions } from './search-reads.ts'
import { readsOf } from './tables.ts'
import type { ModelVersions } from './versions.ts'

const MAX_RESULTS = 200_000
const byVersion = { name: required(text), version: required(text) }
const read = { permission: 'model.read' as const }
const write = { permission: 'model.write' as const }

/** `model-versions/*` of MLflow's REST API. */
export function versionOperations(db: Database, versions: ModelVersions): Operation[] {
  return [
    operation({
      ...write,
      name: 'modelVersions.create',
      method: 'POST',
      path: '/model-versions/create',
      summary: 'Create a version of a registered model',
      request: {
        name: required(text),
        source: required(text),
        run_id: text,
        tags: list(keyValue),
        run_link: text,
        description: text,
        model_id: text,
      },
      handle: async (input, call) => ({
        model_version: versionOut(
          await versions.create(call, {
            name: input.name,
            source: input.source,
            runId: input.run_id || undefined,
            modelId: input.model_id || undefined,
            runLink: input.run_link || undefined,
            description: input.description || undefined,
            tags: input.tags.map(asKeyValue),
          }),
        ),
      }),
    }),
    operation({
      ...read,
      name: 'modelVersions.get',
      method: 'GET',
      path: '/model-versions/get',
      summary: 'Show a model version',
      request: byVersion,
      handle: async ({ name, version }, call) => ({
        model_version: versionOut(await versions.get(call, name, version)),
      }),
    }),
    operation({
      ...read,
      name: 'modelVersions.getDownloadUri',
      method: 'GET',
      path: '/model-versions/get-download-uri',
      summary: 'Where the files of a model version can be read',
      request: byVersion,
      handle: async ({ name, version }, call) => ({ artifact_uri: await versions.downloadUri(call, name, version) }),
    }),
    ...changes(versions),
    ...searches(db),
    ...tagOperations(versions),
  ]
}

const changes = (versions: ModelVersions): Operation[] => [
  operation({
    ...write,
    name: 'modelVersions.update',
    method: 'PATCH',
    path: '/model-versions/update',
    summary: 'Change the description of a model version',
    request: { ...byVersion, description: text },
    handle: async ({ name, version, description }, call) => ({
      model_version: versionOut(await versions.update(call, name, version, description)),
    }),
  }),
  operation({
    ...write,
    name: 'modelVersions.delete',
    method: 'DELETE',
    path: '/model-versions/delete',
    summary: 'Delete a model version; its number is not used again',
    request: byVersion,
    handle: async ({ name, version }, call) => {
      await versions.remove(call, name, version)
      return {}
    },
  }),
  operation({
    ...write,
    name: 'modelVersions.transitionStage',
    method: 'POST',
    path: '/model-versions/transition-stage',
    summary: 'Move a model version to a stage',
    request: { ...byVersion, stage: required(text), archive_existing_versions: flag },
    handle: async ({ name, version, stage, archive_existing_versions }, call) => ({
      model_version: versionOut(
        await versions.transition(call, name, version, stage, archive_existing_versions ?? false),
      ),
    }),
  }),
]

const searches = (db: Database): Operation[] =>
  (['GET', 'POST'] as const).map(method =>
    operation({
      ...read,
      name: method === 'GET' ? 'modelVersions.search' : 'modelVersions.searchByBody',
      method,
      path: '/model-versions/search',
      summary: 'Search model versions',
      request: { filter: text, max_results: integer, order_by: list(text), page_token: text },
      handle: async (input, call) => {
        const limit = registryPageSize(input.max_results, MAX_RESULTS, MAX_RESULTS)
        const { offset } = decodePageToken(input.page_token)
        const found = await searchVersions(readsOf(db), db.dialect, {
          workspace: call.workspace,
          filter: parseFilter(input.filter, modelVersionGrammar),
          orderBy: parseOrderBy(input.order_by, modelVersionGrammar),
          limit: limit + 1,
          offset,
        })
        const { rows, token } = pageOf(found, limit, offset)
        const full = await withDetails(readsOf(db), db.dialect, rows)
        return { model_versions: listOut(full.map(versionOut)), next_page_token: token }
      },
    }),
  )

const tagOperations = (versions: ModelVersions): Operation[] => [
  operation({
    ...write,
    name: 'modelVersions.setTag',
    method: 'POST',
    path: '/model-versions/set-tag',
    summary: 'Set a tag of a model version',
    request: { ...byVersion, key: required(text), value: text },
    handle: async ({ name, version, key, value }, call) => {
      await versions.setTag(call, name, version, { key, value: value ?? '' })
      return {}
    },
  }),
  operation({
    ...write,
    name: 'modelVersions.deleteTag',
    method: 'DELETE',
    path: '/model-versions/delete-tag',
    summary: 'Delete a tag of a model version',
    request: { ...byVersion, key: required(text) },
    handle: async ({ name, version, key }, call) => {
      await versions.deleteTag(call, name, version, key)
      return {}
    },
  }),
]

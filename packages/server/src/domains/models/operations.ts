import type { Database } from '../../kernel/db/index.ts'
import {
  asKeyValue,
  decodePageToken,
  integer,
  invalidParameter,
  keyValue,
  list,
  listOut,
  type Operation,
  operation,
  pageOf,
  parseFilter,
  parseOrderBy,
  registeredModelGrammar,
  required,
  text,
} from '../tracking/index.ts'
import type { Aliases } from './aliases.ts'
import { registeredOut, versionOut } from './messages.ts'
import { withLatest } from './reads.ts'
import type { RegisteredModels } from './registered.ts'
import { searchRegistered } from './search-reads.ts'
import { readsOf } from './tables.ts'
import type { ModelVersions } from './versions.ts'

const byName = { name: required(text) }
const read = { permission: 'model.read' as const }
const write = { permission: 'model.write' as const }

/** Refuses a page size outside the limits of the registry. */
export function registryPageSize(sent: number | undefined, usual: number, max: number): number {
  const size = sent ?? usual
  if (size < 1) throw invalidParameter(`Invalid value for max_results. It must be a positive integer, but got ${size}`)
  if (size > max)
    throw invalidParameter(
      `Invalid value for request parameter max_results. It must be at most ${max}, but got value ${size}`,
    )
  return size
}

/** `registered-models/*` of MLflow's REST API. */
export function registeredOperations(
  db: Database,
  models: RegisteredModels,
  versions: ModelVersions,
  aliases: Aliases,
): Operation[] {
  return [
    operation({
      ...write,
      name: 'registeredModels.create',
      method: 'POST',
      path: '/registered-models/create',
      summary: 'Create a registered model',
      request: { ...byName, tags: list(keyValue), description: text },
      handle: async ({ name, tags, description }, call) => {
        await models.create(call, { name, description, tags: tags.map(asKeyValue) })
        return { registered_model: registeredOut(await models.get(call, name)) }
      },
    }),
    operation({
      ...read,
      name: 'registeredModels.get',
      method: 'GET',
      path: '/registered-models/get',
      summary: 'Show a registered model',
      request: byName,
      handle: async ({ name }, call) => ({ registered_model: registeredOut(await models.get(call, name)) }),
    }),
    ...changes(models),
    ...searches(db),
    ...(['POST', 'GET'] as const).map(method =>
      operation({
        ...read,
        name: method === 'POST' ? 'registeredModels.latestVersions' : 'registeredModels.latestVersionsByQuery',
        method,
        path: '/registered-models/get-latest-versions',
        summary: 'The newest version of each stage',
        request: { ...byName, stages: list(text) },
        handle: async ({ name, stages }, call) => ({
          model_versions: listOut((await versions.latest(call, name, stages)).map(versionOut)),
        }),
      }),
    ),
    ...tagOperations(models),
    ...aliasOperations(aliases),
  ]
}

const changes = (models: RegisteredModels): Operation[] => [
  operation({
    ...write,
    name: 'registeredModels.rename',
    method: 'POST',
    path: '/registered-models/rename',
    summary: 'Rename a registered model with all its versions',
    request: { ...byName, new_name: required(text) },
    handle: async ({ name, new_name }, call) => {
      await models.rename(call, name, new_name)
      return { registered_model: registeredOut(await models.get(call, new_name)) }
    },
  }),
  operation({
    ...write,
    name: 'registeredModels.update',
    method: 'PATCH',
    path: '/registered-models/update',
    summary: 'Change the description of a registered model',
    request: { ...byName, description: text },
    handle: async ({ name, description }, call) => {
      await models.update(call, name, description)
      return { registered_model: registeredOut(await models.get(call, name)) }
    },
  }),
  operation({
    ...write,
    name: 'registeredModels.delete',
    method: 'DELETE',
    path: '/registered-models/delete',
    summary: 'Delete a registered model with all its versions',
    request: byName,
    handle: async ({ name }, call) => {
      await models.remove(call, name)
      return {}
    },
  }),
]

/** MLflow declares the search as GET; R sends POST. */
const searches = (db: Database): Operation[] =>
  (['GET', 'POST'] as const).map(method =>
    operation({
      ...read,
      name: method === 'GET' ? 'registeredModels.search' : 'registeredModels.searchByBody',
      method,
      path: '/registered-models/search',
      summary: 'Search registered models',
      request: { filter: text, max_results: integer, order_by: list(text), page_token: text },
      handle: async (input, call) => {
        const limit = registryPageSize(input.max_results, 100, 1000)
        const { offset } = decodePageToken(input.page_token)
        const found = await searchRegistered(readsOf(db), db.dialect, {
          workspace: call.workspace,
          filter: parseFilter(input.filter, registeredModelGrammar),
          orderBy: parseOrderBy(input.order_by, registeredModelGrammar),
          limit: limit + 1,
          offset,
        })
        const { rows, token } = pageOf(found, limit, offset)
        const full = await withLatest(readsOf(db), db.dialect, rows)
        return { registered_models: listOut(full.map(registeredOut)), next_page_token: token }
      },
    }),
  )

const tagOperations = (models: RegisteredModels): Operation[] => [
  operation({
    ...write,
    name: 'registeredModels.setTag',
    method: 'POST',
    path: '/registered-models/set-tag',
    summary: 'Set a tag of a registered model',
    request: { ...byName, key: required(text), value: text },
    handle: async ({ name, key, value }, call) => {
      await models.setTag(call, name, { key, value: value ?? '' })
      return {}
    },
  }),
  operation({
    ...write,
    name: 'registeredModels.deleteTag',
    method: 'DELETE',
    path: '/registered-models/delete-tag',
    summary: 'Delete a tag of a registered model',
    request: { ...byName, key: required(text) },
    handle: async ({ name, key }, call) => {
      await models.deleteTag(call, name, key)
      return {}
    },
  }),
]

const aliasOperations = (aliases: Aliases): Operation[] => [
  operation({
    ...write,
    name: 'registeredModels.setAlias',
    method: 'POST',
    path: '/registered-models/alias',
    summary: 'Point an alias at a version',
    request: { ...byName, alias: required(text), version: required(text) },
    handle: async ({ name, alias, version }, call) => {
      await aliases.set(call, name, alias, version)
      return {}
    },
  }),
  operation({
    ...write,
    name: 'registeredModels.deleteAlias',
    method: 'DELETE',
    path: '/registered-models/alias',
    summary: 'Delete an alias',
    request: { ...byName, alias: required(text) },
    handle: async ({ name, alias }, call) => {
      await aliases.remove(call, name, alias)
      return {}
    },
  }),
  operation({
    ...read,
    name: 'registeredModels.getByAlias',
    method: 'GET',
    path: '/registered-models/alias',
    summary: 'The version that an alias points at',
    request: { ...byName, alias: required(text) },
    handle: async ({ name, alias }, call) => ({ model_version: versionOut(await aliases.get(call, name, alias)) }),
  }),
]

import type { Database, Who } from '../../../kernel/db/index.ts'
import type { Artifacts } from '../artifacts/service.ts'
import { choice, flag, list, required, text } from '../wire/fields.ts'
import { type Operation, operation } from '../wire/operation.ts'
import { asKeyValue, keyValue } from '../wire/shared-messages.ts'
import { loggedModelOut } from './messages.ts'
import { loggedModelSearch } from './search.ts'
import type { LoggedModels } from './service.ts'

const status = choice({ LOGGED_MODEL_PENDING: 1, LOGGED_MODEL_READY: 2, LOGGED_MODEL_UPLOAD_FAILED: 3 })
const byId = { model_id: required(text) }

/** `logged-models/*` of MLflow's REST API. */
export function loggedModelOperations(
  db: Database,
  models: LoggedModels,
  artifacts: Artifacts,
  experimentNumber: (who: Who, id: string) => Promise<number>,
): Operation[] {
  const answer = async (who: Who, modelId: string, allowDeleted = false) => {
    const { row, data } = await models.get(who, modelId, allowDeleted)
    return { model: loggedModelOut(row, data) }
  }
  return [
    operation({
      name: 'loggedModels.create',
      method: 'POST',
      path: '/logged-models',
      permission: 'tracking.write',
      summary: 'Create a logged model',
      request: {
        experiment_id: required(text),
        name: text,
        model_type: text,
        source_run_id: text,
        params: list(keyValue),
        tags: list(keyValue),
      },
      handle: async (input, call) =>
        answer(
          call,
          await models.create(call, {
            experimentId: input.experiment_id,
            name: input.name || undefined,
            modelType: input.model_type,
            sourceRunId: input.source_run_id,
            params: input.params.map(asKeyValue),
            tags: input.tags.map(asKeyValue),
          }),
        ),
    }),
    operation({
      name: 'loggedModels.get',
      method: 'GET',
      path: '/logged-models/:model_id',
      permission: 'tracking.read',
      summary: 'Show a logged model',
      request: { ...byId, allow_deleted: flag },
      handle: ({ model_id, allow_deleted }, call) => answer(call, model_id, allow_deleted),
    }),
    ...lifecycle(models, answer),
    loggedModelSearch(db, experimentNumber),
    ...details(models, answer),
    operation({
      name: 'loggedModels.listArtifacts',
      method: 'GET',
      path: '/logged-models/:model_id/artifacts/directories',
      permission: 'tracking.read',
      summary: 'List files of a logged model',
      request: { ...byId, artifact_directory_path: text },
      handle: async ({ model_id, artifact_directory_path }, call) => {
        const { row } = await models.get(call, model_id)
        return artifacts.listUnder(call, row.artifact_uri, artifact_directory_path ?? '')
      },
    }),
  ]
}

type AnswerWith = (who: Who, modelId: string, allowDeleted?: boolean) => Promise<object>

const lifecycle = (models: LoggedModels, answer: AnswerWith): Operation[] => [
  operation({
    name: 'loggedModels.finalize',
    method: 'PATCH',
    path: '/logged-models/:model_id',
    permission: 'tracking.write',
    summary: 'Say that the files of a logged model are complete, or that they failed',
    request: { ...byId, status: required(status) },
    handle: async ({ model_id, status: sent }, call) => {
      await models.finalize(call, model_id, sent.replace('LOGGED_MODEL_', '') as 'PENDING' | 'READY' | 'UPLOAD_FAILED')
      return answer(call, model_id, true)
    },
  }),
  operation({
    name: 'loggedModels.delete',
    method: 'DELETE',
    path: '/logged-models/:model_id',
    permission: 'tracking.write',
    summary: 'Delete a logged model; its files stay',
    request: byId,
    handle: async ({ model_id }, call) => {
      await models.remove(call, model_id)
      return {}
    },
  }),
]

const details = (models: LoggedModels, answer: AnswerWith): Operation[] => [
  operation({
    name: 'loggedModels.setTags',
    method: 'PATCH',
    path: '/logged-models/:model_id/tags',
    permission: 'tracking.write',
    summary: 'Set tags of a logged model',
    request: { ...byId, tags: list(keyValue) },
    handle: async ({ model_id, tags }, call) => {
      await models.setTags(call, model_id, tags.map(asKeyValue))
      return answer(call, model_id, true)
    },
  }),
  operation({
    name: 'loggedModels.deleteTag',
    method: 'DELETE',
    path: '/logged-models/:model_id/tags/:tag_key',
    permission: 'tracking.write',
    summary: 'Delete a tag of a logged model',
    request: { ...byId, tag_key: required(text) },
    handle: async ({ model_id, tag_key }, call) => {
      await models.deleteTag(call, model_id, tag_key)
      return {}
    },
  }),
  operation({
    name: 'loggedModels.logParams',
    method: 'POST',
    path: '/logged-models/:model_id/params',
    permission: 'tracking.write',
    summary: 'Add params to a logged model',
    request: { ...byId, params: list(keyValue) },
    handle: async ({ model_id, params }, call) => {
      await models.logParams(call, model_id, params.map(asKeyValue))
      return {}
    },
  }),
]

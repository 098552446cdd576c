import { type BoundRoute, rawRoute } from '../../../kernel/http/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import { checkedArtifactPath } from '../artifact-space/paths.ts'
import { sendDownload } from '../artifacts/download.ts'
import type { Artifacts } from '../artifacts/service.ts'
import { MlflowError } from '../wire/mlflow-error.ts'
import { mlflowErrors } from '../wire/operation.ts'
import type { LoggedModels } from './service.ts'

/** The web UI's download of one file of a logged model. */
export const loggedModelFileRoute = (models: LoggedModels, artifacts: Artifacts, log: Logger): BoundRoute =>
  rawRoute(
    {
      operationId: 'mlflow.ajax.loggedModels.getArtifact',
      method: 'GET',
      path: '/ajax-api/2.0/mlflow/logged-models/:model_id/artifacts/files',
      permission: 'tracking.read',
      summary: 'Read a file of a logged model',
    },
    async (call, request, reply) => {
      const { model_id } = request.params as { model_id: string }
      const sent = (request.query as Record<string, unknown>).artifact_file_path
      if (typeof sent !== 'string' || sent === '')
        throw new MlflowError('BAD_REQUEST', 'Request must include the "artifact_file_path" query parameter.')
      const path = checkedArtifactPath(sent)
      const { row } = await models.get(call, model_id)
      return sendDownload(
        request,
        reply,
        artifacts.blobs,
        await artifacts.findUnder(call, row.artifact_uri, path),
        path,
      )
    },
    mlflowErrors(log),
  )

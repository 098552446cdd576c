import { integer, required, text } from '../wire/fields.ts'
import { MlflowError } from '../wire/mlflow-error.ts'
import { type Operation, operation } from '../wire/operation.ts'
import type { Artifacts } from './service.ts'

/** `artifacts/*` below `/api/2.0/mlflow`. */
export const artifactOperations = (artifacts: Artifacts): Operation[] => [
  operation({
    name: 'artifacts.list',
    method: 'GET',
    path: '/artifacts/list',
    permission: 'tracking.read',
    summary: 'List artifacts of a run',
    request: { run_id: required(text), path: text, page_token: text },
    handle: async ({ run_id, path }, call) =>
      artifacts.listUnder(call, await artifacts.runLocation(call, run_id), path ?? ''),
  }),
  operation({
    name: 'artifacts.presignedUploadUrl',
    method: 'POST',
    path: '/artifacts/presigned-upload-url',
    permission: 'tracking.write',
    summary: 'Not offered: upload through this server',
    request: { run_id: text, path: text, expiration: integer },
    handle: async () => {
      throw new MlflowError(
        'NOT_IMPLEMENTED',
        'Presigned upload URLs are not supported for the current artifact repository',
      )
    },
  }),
]

import { type BoundRoute, rawRoute } from '../../../kernel/http/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import { MlflowError } from './mlflow-error.ts'
import { mlflowErrors, type Operation, operation } from './operation.ts'

/** The MLflow release whose REST API this server speaks; clients choose between old and new calls by it. */
export const MLFLOW_VERSION = '3.17.2'

/** What a client may expect here: artifacts in one request each, one workspace behind each URL. */
const SERVER_INFO = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: false,
  multipart_downloads_enabled: false,
}

export const serverOperations: readonly Operation[] = [
  operation({
    name: 'serverInfo',
    method: 'GET',
    path: '/server-info',
    version: '3.0',
    permission: 'public',
    summary: 'What MLflow clients may expect of this server',
    request: {},
    handle: async () => SERVER_INFO,
  }),
]

const plain = (operationId: string, path: string, summary: string, text: string): BoundRoute =>
  rawRoute({ operationId, method: 'GET', path, permission: 'public', summary }, async (_call, _request, reply) =>
    reply.type('text/plain; charset=utf-8').send(text),
  )

/** `/health`, `/version` and a clean refusal of MLflow calls that this server does not have, which clients fall back on. */
export function serviceRoutes(log: Logger): BoundRoute[] {
  const mapError = mlflowErrors(log)
  const unknown = (['api', 'ajax-api'] as const).flatMap(prefix =>
    (['2.0', '3.0'] as const).flatMap(version =>
      (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map(method =>
        rawRoute(
          {
            operationId: `mlflow.unknown.${prefix}.${version}.${method.toLowerCase()}`,
            method,
            path: `/${prefix}/${version}/mlflow/*`,
            permission: 'public',
            summary: 'Refuses MLflow calls that this server does not have',
          },
          async (_call, request) => {
            throw new MlflowError(
              'ENDPOINT_NOT_FOUND',
              `No API found for '${request.method} ${request.url.split('?')[0]}'`,
            )
          },
          mapError,
        ),
      ),
    ),
  )
  return [
    plain('mlflow.health', '/health', 'Whether this server answers', 'OK'),
    plain('mlflow.version', '/version', 'The MLflow release whose API this server speaks', MLFLOW_VERSION),
    ...unknown,
  ]
}

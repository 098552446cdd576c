import type { RouteDeclaration } from '@hagane/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type BaseCall, type BoundRoute, rawRoute } from '../../../kernel/http/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import { checkedArtifactPath } from '../artifact-space/paths.ts'
import { invalidParameter, MlflowError } from '../wire/mlflow-error.ts'
import { mlflowErrors } from '../wire/operation.ts'
import { listOut } from '../wire/response.ts'
import { sendDownload } from './download.ts'
import { type Artifacts, fileInfo } from './service.ts'

type Handler = (call: BaseCall, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
type Spec = Pick<RouteDeclaration, 'method' | 'permission' | 'summary'> & {
  name: string
  path: string
  stream?: boolean
  prefixes?: readonly ('api' | 'ajax-api')[]
  handle: Handler
}

const UPLOAD_LIMIT = 10 * 2 ** 20

const sendJson = (reply: FastifyReply, body: object) => reply.type('application/json').send(JSON.stringify(body))
const pathOf = (request: FastifyRequest): string => checkedArtifactPath((request.params as { '*': string })['*'])
const queryOf = (request: FastifyRequest, ...names: string[]): string | undefined => {
  const query = request.query as Record<string, unknown>
  const value = names.map(name => query[name]).find(one => typeof one === 'string' && one !== '')
  return value as string | undefined
}
const unsupported =
  (what: string): Handler =>
  async () => {
    throw new MlflowError('NOT_IMPLEMENTED', `${what} is not supported for the current artifact repository`)
  }

/** The artifact proxy (`mlflow-artifacts:`) and the downloads of MLflow's web UI. */
export function artifactRoutes(artifacts: Artifacts, log: Logger): BoundRoute[] {
  const mapError = mlflowErrors(log)
  return [...proxy(artifacts), ...multipart, ...downloads(artifacts)].flatMap(spec =>
    (spec.prefixes ?? (['api', 'ajax-api'] as const)).map(prefix =>
      rawRoute(
        {
          operationId: `mlflow.${prefix === 'api' ? '' : 'ajax.'}${spec.name}`,
          method: spec.method,
          path: spec.path.replace('{prefix}', prefix),
          permission: spec.permission,
          summary: spec.summary,
          ...(spec.stream ? { body: 'stream' as const, bodyLimit: Number.MAX_SAFE_INTEGER } : {}),
        },
        spec.handle,
        mapError,
      ),
    ),
  )
}

const proxy = (artifacts: Artifacts): Spec[] => [
  {
    name: 'artifacts.upload',
    method: 'PUT',
    path: '/{prefix}/2.0/mlflow-artifacts/artifacts/*',
    permission: 'tracking.write',
    summary: 'Store an artifact',
    stream: true,
    handle: async (call, request, reply) => {
      await artifacts.put(call, pathOf(request), call.stream)
      return sendJson(reply, {})
    },
  },
  {
    name: 'artifacts.download',
    method: 'GET',
    path: '/{prefix}/2.0/mlflow-artifacts/artifacts/*',
    permission: 'tracking.read',
    summary: 'Read an artifact; honours Range',
    handle: async (call, request, reply) => {
      const path = pathOf(request)
      return sendDownload(request, reply, artifacts.blobs, await artifacts.find(call, path), path)
    },
  },
  {
    name: 'artifacts.listProxied',
    method: 'GET',
    path: '/{prefix}/2.0/mlflow-artifacts/artifacts',
    permission: 'tracking.read',
    summary: 'List what lies directly below a folder of the artifact space',
    handle: async (call, request, reply) => {
      const listed = await artifacts.list(call, checkedArtifactPath(queryOf(request, 'path') ?? '', true))
      return sendJson(reply, { files: listOut(listed.map(item => fileInfo(item))) })
    },
  },
  {
    name: 'artifacts.delete',
    method: 'DELETE',
    path: '/{prefix}/2.0/mlflow-artifacts/artifacts/*',
    permission: 'tracking.write',
    summary: 'Delete an artifact or a folder of artifacts',
    handle: async (call, request, reply) => {
      await artifacts.remove(call, pathOf(request))
      return sendJson(reply, {})
    },
  },
]

/** 501 tells the client to fall back to one plain PUT or GET. */
const multipart: Spec[] = [
  ...(['create', 'complete', 'abort'] as const).map(
    (verb): Spec => ({
      name: `artifacts.multipart.${verb}`,
      method: 'POST',
      path: `/{prefix}/2.0/mlflow-artifacts/mpu/${verb}/*`,
      permission: 'tracking.write',
      summary: 'Not offered: clients fall back to one PUT',
      handle: unsupported('Multipart upload'),
    }),
  ),
  {
    name: 'artifacts.presigned',
    method: 'GET',
    path: '/{prefix}/2.0/mlflow-artifacts/presigned/*',
    permission: 'tracking.read',
    summary: 'Not offered: clients fall back to one GET',
    handle: unsupported('Presigned download'),
  },
]

const downloads = (artifacts: Artifacts): Spec[] => [
  {
    name: 'artifacts.get',
    method: 'GET',
    path: '/get-artifact',
    prefixes: ['api'],
    permission: 'tracking.read',
    summary: 'Read an artifact of a run',
    handle: async (call, request, reply) => {
      const runId = wanted(request, 'run_id', 'run_uuid')
      const path = checkedArtifactPath(wanted(request, 'path'))
      const location = await artifacts.runLocation(call, runId)
      return sendDownload(request, reply, artifacts.blobs, await artifacts.findUnder(call, location, path), path)
    },
  },
  {
    name: 'artifacts.uploadToRun',
    method: 'POST',
    path: '/{prefix}/2.0/mlflow/upload-artifact',
    prefixes: ['ajax-api'],
    permission: 'tracking.write',
    summary: 'Store an artifact of a run, at most 10 MB',
    stream: true,
    handle: async (call, request, reply) => {
      const runId = queryOf(request, 'run_uuid', 'run_id')
      if (runId === undefined) throw invalidParameter('Request must specify run_uuid.')
      const sent = queryOf(request, 'path')
      if (sent === undefined) throw invalidParameter('Request must specify path.')
      const path = checkedArtifactPath(sent)
      const length = Number(request.headers['content-length'] ?? Number.NaN)
      if (length > UPLOAD_LIMIT) throw invalidParameter('Artifact size is too large. Max size is 10MB.')
      if (!(length > 0)) throw invalidParameter('Request must specify data.')
      await artifacts.putUnder(call, await artifacts.runLocation(call, runId), path, call.stream)
      return sendJson(reply, {})
    },
  },
]

function wanted(request: FastifyRequest, ...names: string[]): string {
  const value = queryOf(request, ...names)
  if (value === undefined) throw invalidParameter(`Missing value for required parameter '${names[0]}'.`)
  return value
}

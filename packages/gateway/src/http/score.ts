import { hash } from 'node:crypto'
import { HaganeError, type PredictionRecord } from '@hagane/contract'
import type { Collector } from '../predictions/collector.ts'
import type { Exchange } from '../predictions/exchange.ts'
import { ulid } from '../predictions/ulid.ts'
import type { EndpointHost } from '../routing/endpoint-host.ts'
import { isOfConnection } from '../serving/command-call.ts'
import type { DeploymentSlot } from '../serving/deployment-slot.ts'
import { type Forward, routes, type WorkerAnswer, type WorkerRequest } from '../serving/frames.ts'
import type { Outcome } from '../serving/pending.ts'
import type { RevisionServer } from '../serving/revision-server.ts'
import type { RequestTrace } from '../telemetry/tracing.ts'
import { asHaganeError, errorAnswer, type Reply, send } from './answer.ts'
import { type Asked, readBody } from './body.ts'
import { inShapeOf } from './failure-shape.ts'
import { oipType } from './oip.ts'
import { type RequestIds, requestIds } from './request-ids.ts'
import type { RequestTracing } from './request-tracing.ts'
import { readToEnd, sendStream } from './stream.ts'
import { type Target, unknownPath } from './target.ts'

/** Headers that are for the gateway, not for the model's code. */
const hidden = new Set(['authorization', 'cookie', 'proxy-authorization'])

export interface ScoreParts {
  /** Absent where spans have nowhere to go. */
  tracing?: RequestTracing | undefined
  collector: Collector
  maxBody: number
}

/** What collection keeps of a request beside its body. */
type Kept = Pick<Exchange, 'requestId' | 'headers' | 'shadows'>

/** Answers one scoring request. Every answer that came from a deployment is recorded before it is sent. */
export class Scoring {
  readonly #parts: ScoreParts

  constructor(parts: ScoreParts) {
    this.#parts = parts
  }

  handle(request: Asked, response: Reply, target: Target, host: EndpointHost): void {
    const ids = requestIds(request)
    const trace = this.#parts.tracing?.of(request, host.entry, ids.id)
    this.#score(request, response, target, host, ids, trace).catch((error: unknown) => {
      const answer = inShapeOf(target.action, errorAnswer(asHaganeError(error), ids.id))
      host.metrics.refuse(answer.status)
      trace?.end(answer.status, {})
      if (answer.status === 413) response.shouldKeepAlive = false
      send(response, answer.status, answer.headers, ids.headers, answer.body)
    })
  }

  async #score(
    request: Asked,
    response: Reply,
    target: Target,
    host: EndpointHost,
    { id: requestId, headers: idHeaders }: RequestIds,
    trace: RequestTrace | undefined,
  ): Promise<void> {
    const time = Date.now()
    host.admit(request)
    const named = target.version ?? request.headers['azureml-model-deployment']
    const body = await readBody(request, this.#parts.maxBody)
    if (body === undefined) return
    const slot = host.choose(typeof named === 'string' && named !== '' ? named : undefined, () =>
      host.draw(request, body),
    )
    const server = slot.serving
    if (target.action === 'own' && server.deployment.runtime.kind !== 'command') throw unknownPath(request.url)
    const id = predictionId(server, time)
    const sent = workerRequest(request, target, server, id, body, trace)
    const isUnrecorded = target.action === 'own' && request.method !== 'POST'
    const shadows = named === undefined && target.action !== 'own' ? host.mirrors(slot) : []
    const kept: Kept = {
      requestId,
      headers: request.headers,
      shadows: shadows.map(shadow => shadow.serving.deployment.name),
    }
    const own = [
      ...(isUnrecorded ? [] : ['x-hagane-prediction-id', id]),
      ...idHeaders,
      'azureml-model-deployment',
      server.deployment.name,
    ]
    const pending = server.submit(sent, outcome => {
      const given: WorkerAnswer = outcome instanceof HaganeError ? errorAnswer(outcome, requestId) : outcome
      const answer = server.deployment.runtime.kind === 'command' ? given : inShapeOf(target.action, given)
      trace?.end(answer.status, traceFacts(server, id))
      const { stream } = answer
      if (stream !== undefined) {
        sendStream(response, answer, stream, own, (digest, done) =>
          isUnrecorded ? done() : this.#record(host, server, id, time, sent, { ...answer, digest }, done, kept),
        )
        return
      }
      const finish = (failure?: Error): void => {
        if (failure === undefined) {
          send(response, answer.status, answer.headers, [...own, 'x-hagane-rows', String(answer.rows)], answer.body)
        } else sendUnrecorded(response, own, requestId, failure)
      }
      if (isUnrecorded || isRefusal(outcome)) finish()
      else this.#record(host, server, id, time, sent, answer, finish, kept)
    })
    if (pending !== undefined) response.on('close', () => pending.abandon())
    if (shadows.length > 0) this.#mirror(host, shadows, request, target, id, body, time, kept)
  }

  /** Copies a request to shadow deployments. Nobody waits for them, and one that is busy or broken costs only its own copy. */
  #mirror(
    host: EndpointHost,
    shadows: DeploymentSlot[],
    request: Asked,
    target: Target,
    original: string,
    body: Buffer,
    time: number,
    kept: Kept,
  ): void {
    const copied = { ...kept, shadows: [] }
    for (const slot of shadows) {
      const server = slot.serving
      const id = predictionId(server, time)
      const copy = workerRequest(request, target, server, id, body)
      server.submit(copy, outcome => {
        if (isRefusal(outcome)) return
        const answer: WorkerAnswer = outcome instanceof HaganeError ? errorAnswer(outcome, original) : outcome
        if (answer.stream !== undefined) {
          readToEnd(answer.stream, digest =>
            this.#record(host, server, id, time, copy, { ...answer, digest }, () => undefined, copied, original),
          )
          return
        }
        this.#record(host, server, id, time, copy, answer, () => undefined, copied, original)
      })
    }
  }

  #record(
    host: EndpointHost,
    server: RevisionServer,
    id: string,
    time: number,
    request: WorkerRequest,
    answer: WorkerAnswer,
    sent: (failure: Error | undefined) => void,
    kept: Kept,
    mirrorOf?: string,
  ): void {
    const record: PredictionRecord = {
      id,
      time: new Date(time).toISOString(),
      workspace: host.entry.workspace,
      endpoint: host.entry.name,
      deployment: server.deployment.name,
      revision: server.deployment.revision_id,
      rows: answer.rows,
      status: answer.status,
      latency_ms: Date.now() - time,
      input_sha256: hash('sha256', request.body, 'hex'),
      output_sha256: answer.digest ?? hash('sha256', answer.body, 'hex'),
    }
    if (mirrorOf !== undefined) record.mirror_of = mirrorOf
    const copies = kept.shadows.length
    if (copies > 0 || mirrorOf !== undefined) host.metrics.shadows.note(record, copies)
    const exchange = { endpoint: host.entry, deployment: server.deployment, request, answer, ...kept }
    this.#parts.collector.record(record, time, sent, exchange)
  }
}

const traceFacts = (server: RevisionServer, id: string) => ({
  'hagane.deployment': server.deployment.name,
  'hagane.revision': server.deployment.revision_id,
  'hagane.prediction_id': id,
})

const predictionId = (server: RevisionServer, time: number): string =>
  `pr-${server.deployment.revision_id}-${ulid(time)}`

/** Refused before a worker saw it: nothing was predicted, so nothing is recorded. */
const isRefusal = (outcome: Outcome): boolean =>
  outcome instanceof HaganeError && (outcome.kind === 'rate_limited' || outcome.kind === 'unavailable')

const routeOf = ({ action }: Target): WorkerRequest['route'] =>
  action === 'infer' ? routes.infer : action === 'invocations' ? routes.invocations : routes.score

/** GET /score has its input in the query. */
const isAsked = ({ method }: Asked): boolean => method === 'GET'

function workerRequest(
  request: Asked,
  target: Target,
  server: RevisionServer,
  name: string,
  body: Buffer,
  trace?: RequestTrace,
): WorkerRequest {
  const isCommand = server.deployment.runtime.kind === 'command'
  return {
    name,
    route: routeOf(target),
    method: request.method ?? 'POST',
    contentType: target.action === 'infer' ? oipType(request) : (request.headers['content-type'] ?? '').slice(0, 1000),
    head: server.description?.needs_head === true || isAsked(request) ? headOf(request, target) : undefined,
    body,
    trace,
    forward: isCommand ? forwardOf(request, target) : undefined,
  }
}

/** What a server behind a deployment is sent: everything but the endpoint's own key and what belongs to the connection. */
function forwardOf(request: Asked, target: Target): Forward {
  const headers: string[] = []
  const raw = request.rawHeaders
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (!hidden.has(name.toLowerCase()) && !isOfConnection(name)) headers.push(name, raw[at + 1] as string)
  }
  const [path = ''] = (request.url ?? '').split('?')
  const prefix = target.path === '/' ? path.replace(/\/$/, '') : path.slice(0, path.length - target.path.length)
  headers.push('x-forwarded-prefix', prefix, 'x-forwarded-host', request.headers.host ?? '')
  return { path: target.action === 'score' ? undefined : target.path, query: target.query, headers, prefix }
}

function headOf(request: Asked, target: Target): Buffer {
  const headers: [string, string][] = []
  const raw = request.rawHeaders
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (!hidden.has(name.toLowerCase())) headers.push([name, raw[at + 1] as string])
  }
  return Buffer.from(JSON.stringify({ method: request.method, path: target.path, query: target.query, headers }))
}

function sendUnrecorded(response: Reply, own: string[], requestId: string, failure: Error): void {
  const error = new HaganeError('unavailable', 'the prediction could not be recorded, so it is not given out', {
    hint: `the gateway's folder cannot be written: ${(failure as NodeJS.ErrnoException).code ?? 'unknown reason'}`,
  })
  const answer = errorAnswer(error, requestId)
  send(response, answer.status, answer.headers, own, answer.body)
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { HaganeError } from '@hagane/contract'
import type { EndpointHost } from '../routing/endpoint-host.ts'
import { send } from './answer.ts'
import type { Target } from './target.ts'

/** What this server says of itself after the Open Inference Protocol v2. */
export const serverMetadata = { name: 'hagane', version: '0.1.0', extensions: ['binary_tensor_data'] }

export const json: [string, string][] = [['content-type', 'application/json']]
const text: [string, string][] = [['content-type', 'text/plain; charset=utf-8']]

/**
 * How a worker is told that a body is of the Open Inference Protocol, and how much of it is JSON. Throws `invalid` for
 * a length that is none and for a compressed body.
 */
export function oipType({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const { 'content-encoding': encoding = 'identity', 'inference-header-content-length': length } = headers
  if (encoding !== 'identity') {
    throw refused('content-encoding', 'compressed bodies are not read', encoding, ['identity'])
  }
  if (length === undefined) return 'oip'
  if (typeof length === 'string' && /^\d{1,10}$/.test(length)) return `oip;${length}`
  throw refused('inference-header-content-length', 'not a number of bytes', length, 'a whole number')
}

const refused = (property: string, message: string, sent: unknown, allowed: unknown): HaganeError =>
  new HaganeError('invalid', `header ${property}: ${message}`, { details: [{ property, message, sent, allowed }] })

export const unknownModel = ({ model }: Target, { entry }: EndpointHost): HaganeError =>
  new HaganeError('not_found', `endpoint '${entry.name}' has no model '${model}'`, {
    hint: `the model of an endpoint has its name, the versions are its deployments: /v2/models/${entry.name}`,
    details: [{ property: 'model', message: 'unknown model', sent: model, allowed: [entry.name] }],
  })

/**
 * A failure in the protocol's own shape: `error` is the message. The rest of what Hagane tells of an error stands beside
 * it, and an answer that is none is left as it is.
 */
export function asOipFailure<T extends { status: number; headers: [string, string][]; body: Buffer }>(answer: T): T {
  if (answer.status < 400) return answer
  try {
    const { error } = JSON.parse(answer.body.toString('utf8')) as { error?: { message?: unknown } }
    const { message, ...rest } = error ?? {}
    if (typeof message !== 'string') return answer
    return { ...answer, headers: json, body: Buffer.from(JSON.stringify({ error: message, ...rest })) }
  } catch {
    return answer
  }
}

/** Health, versions and metadata: MLflow's /ping, /health and /version, and /v2 of the Open Inference Protocol. */
export function discover(request: IncomingMessage, response: ServerResponse, target: Target, host: EndpointHost): void {
  const { path } = target
  if (path === '/ping' || path === '/health') {
    const ready = isReady(host, undefined)
    send(response, ready ? 200 : 503, text, [], Buffer.from('\n'))
  } else if (path === '/version') {
    send(response, 200, text, [], Buffer.from(versionOf(host)))
  } else if (path === '/v2') answer(response, 200, serverMetadata)
  else if (path === '/v2/health/live') answer(response, 200, { live: true })
  else if (path === '/v2/health/ready' || path.endsWith('/ready')) {
    const ready = isReady(host, target.version)
    answer(response, ready ? 200 : 503, { ...(target.model === undefined ? {} : { name: target.model }), ready })
  } else {
    host.admit(request)
    answer(response, 200, modelMetadata(host, target.version))
  }
}

const answer = (response: ServerResponse, status: number, value: object): void =>
  send(response, status, json, [], Buffer.from(JSON.stringify(value)))

/** Whether a deployment answers, or without a name one that takes traffic. Throws `not_found` for one that is not there. */
function isReady(host: EndpointHost, version: string | undefined): boolean {
  if (version !== undefined) return host.choose(version).serving.state === 'ready'
  return [...host.slots].some(([name, slot]) => (host.entry.traffic[name] ?? 0) > 0 && slot.serving.state === 'ready')
}

/** MLflow answers its own version; so does a deployment that runs MLflow. */
function versionOf(host: EndpointHost): string {
  const { description } = host.choose(undefined, () => 0).serving
  return description?.metadata?.version ?? serverMetadata.version
}

/** `ModelMetadataResponse`: the endpoint is the model, its deployments are the versions. */
function modelMetadata(host: EndpointHost, version: string | undefined): object {
  const { description } = host.choose(version, () => 0).serving
  const { platform = description?.kind ?? 'unknown', inputs = [], outputs = [] } = description?.metadata ?? {}
  return {
    name: host.entry.name,
    versions: version === undefined ? [...host.slots.keys()] : [version],
    platform,
    inputs,
    outputs,
  }
}

import { Metadata, Server, type ServerUnaryCall, type ServiceDefinition, status } from '@grpc/grpc-js'
import { HaganeError } from '@hagane/contract'
import { asOipFailure, serverMetadata } from '../http/oip.ts'
import { type InferRequest, inferOfRest, restOfInfer } from './infer-messages.ts'
import { type HttpHandler, type InjectedAnswer, inject } from './inject.ts'
import { decode, encode } from './oip-proto.ts'

/** gRPC's statuses for those of HTTP (google.rpc.Code). */
const statusOf: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  413: status.RESOURCE_EXHAUSTED,
  415: status.INVALID_ARGUMENT,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
}

/** Metadata that callers may send along; the rest of it belongs to gRPC. */
const passedOn = [
  'authorization',
  'azureml-model-deployment',
  'traceparent',
  'x-ms-client-request-id',
  'x-ms-request-id',
]
const passedBack = /^(x-hagane-|x-ms-request-id|azureml-model-deployment)/

interface ModelName {
  name: string
  version: string
}
interface Answer {
  readonly value: object
  readonly trailer?: Metadata
}
type Call = ServerUnaryCall<unknown, object>
type Method = (call: Call) => Promise<Answer> | Answer

/**
 * `inference.GRPCInferenceService` of the Open Inference Protocol v2. A call becomes the same call of the REST protocol
 * with binary tensors. `model_name` is an endpoint, `<workspace>/<endpoint>` outside the default workspace;
 * `model_version` one of its deployments. Keys come as metadata `authorization: Bearer <key>`.
 */
export function inferenceServer(handler: HttpHandler, maxBody: number): Server {
  const ask = (call: Call, method: 'GET' | 'POST', path: string, body: Buffer = Buffer.alloc(0), more = {}) => {
    const gone = new AbortController()
    call.on('cancelled', () => gone.abort())
    const headers = { ...headersOf(call), ...more }
    return inject(handler, { method, url: path, headers, body, remoteAddress: addressOf(call.getPeer()) }, gone.signal)
  }
  const methods: Record<string, Method> = {
    ServerLive: () => ({ value: { live: true } }),
    ServerReady: () => ({ value: { ready: true } }),
    ServerMetadata: () => ({ value: serverMetadata }),
    ModelReady: async call => {
      const answer = await ask(call, 'GET', `${modelPath(call.request as ModelName)}/ready`)
      if (answer.status !== 200 && answer.status !== 503) throw answer
      return { value: { ready: answer.status === 200 } }
    },
    ModelMetadata: async call => {
      const answer = await ask(call, 'GET', modelPath(call.request as ModelName))
      if (answer.status !== 200) throw answer
      return { value: JSON.parse(answer.body.toString('utf8')) }
    },
    ModelInfer: async call => {
      const request = call.request as InferRequest
      const { headerLength, body } = restOfInfer(request)
      const path = `${modelPath({ name: request.model_name, version: request.model_version })}/infer`
      const more = { 'inference-header-content-length': String(headerLength) }
      const answer = await ask(call, 'POST', path, body, more)
      const length = Number(answer.headers['inference-header-content-length'])
      if (answer.status !== 200) throw answer
      return { value: inferOfRest(answer.body, length || answer.body.length), trailer: trailerOf(answer) }
    },
  }
  const server = new Server({ 'grpc.max_receive_message_length': maxBody, 'grpc.max_send_message_length': -1 })
  server.addService(definitionOf(Object.keys(methods)), implementationOf(methods))
  return server
}

function definitionOf(names: string[]): ServiceDefinition {
  const one = (name: string) => ({
    path: `/inference.GRPCInferenceService/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: object) => encode(`${name}Request`, value),
    requestDeserialize: (bytes: Buffer) => decode<object>(`${name}Request`, bytes),
    responseSerialize: (value: object) => encode(`${name}Response`, value),
    responseDeserialize: (bytes: Buffer) => decode<object>(`${name}Response`, bytes),
  })
  return Object.fromEntries(names.map(name => [name, one(name)]))
}

type Callback = (error: object | null, value?: object, trailer?: Metadata) => void

const implementationOf = (methods: Record<string, Method>) =>
  Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      (call: Call, callback: Callback) => {
        Promise.resolve()
          .then(() => method(call))
          .then(
            ({ value, trailer }) => callback(null, value, trailer),
            (error: unknown) => callback(grpcError(error)),
          )
      },
    ]),
  )

function grpcError(error: unknown): object {
  if (error instanceof HaganeError) return { code: statusOf[error.status] ?? status.INTERNAL, details: error.message }
  if (!(error instanceof Error)) return refusalOf(error as InjectedAnswer)
  return { code: status.INTERNAL, details: 'the gateway failed to handle this call' }
}

/** The message and hint of an answer that is not 200; a server behind a deployment may answer anything at all. */
function refusalOf(answer: InjectedAnswer): object {
  return { code: statusOf[answer.status] ?? status.INTERNAL, details: detailsOf(answer), metadata: trailerOf(answer) }
}

function detailsOf(answer: InjectedAnswer): string {
  const { status, body } = asOipFailure({ status: answer.status, headers: [], body: answer.body })
  const text = body.toString('utf8')
  try {
    const { error, hint } = JSON.parse(text) as { error?: unknown; hint?: string }
    if (typeof error === 'string') return hint === undefined ? error : `${error} (${hint})`
  } catch {
    // Not JSON; told as it is.
  }
  return `it answered ${status}: ${text.slice(0, 500)}`
}

function trailerOf({ headers }: InjectedAnswer): Metadata {
  const trailer = new Metadata()
  for (const [name, value] of Object.entries(headers)) if (passedBack.test(name)) trailer.set(name, value)
  return trailer
}

function headersOf(call: Call): Record<string, string> {
  const headers: Record<string, string> = { host: call.getHost() }
  for (const name of passedOn) {
    const [value] = call.metadata.get(name)
    if (value !== undefined) headers[name] = String(value)
  }
  return headers
}

/** `ipv4:127.0.0.1:5000`, `127.0.0.1:5000` or `[::1]:5000` without the port. */
function addressOf(peer: string): string {
  return peer
    .replace(/^ipv[46]:/, '')
    .replace(/:\d+$/, '')
    .replaceAll(/[[\]]/g, '')
}

function modelPath({ name, version }: ModelName): string {
  const parts = name.split('/')
  const endpoint = parts.at(-1) ?? ''
  const workspace = parts.length === 1 ? '' : `/ws/${encodeURIComponent(parts.slice(0, -1).join('/'))}`
  const model = encodeURIComponent(endpoint)
  return `${workspace}/endpoints/${model}/v2/models/${model}${version === '' ? '' : `/versions/${encodeURIComponent(version)}`}`
}

import type { FastifyRequest } from 'fastify'
import { type Message, readMessage, type Shape } from './fields.ts'
import { invalidParameter, MlflowError } from './mlflow-error.ts'

type Json = Record<string, unknown>

/**
 * The request message of an MLflow call: query parameters of a GET, the JSON body of anything else, with the parameters of
 * the path on top. Bodies that old clients encoded twice are decoded twice; no body is the empty message.
 */
export function readRequest<S extends Shape>(shape: S, request: FastifyRequest): Message<S> {
  const sent = request.method === 'GET' ? queryOf(shape, request.query as Json) : bodyOf(request)
  return readMessage(shape, { ...sent, ...(request.params as Json) })
}

/** A query gives one value for a list of one and several for a field that was repeated by mistake. */
function queryOf(shape: Shape, query: Json): Json {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const isList = shape[name]?.list === true
      if (isList) return [name, Array.isArray(value) ? value : [value]]
      return [name, Array.isArray(value) ? value[0] : value]
    }),
  )
}

const hasBody = (request: FastifyRequest): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0

function bodyOf(request: FastifyRequest): Json {
  if (!hasBody(request)) return {}
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new MlflowError('BAD_REQUEST', "Bad Request. Content-Type must be one of ['application/json'].")
  const body = typeof request.body === 'string' ? decodeAgain(request.body) : request.body
  if (body === undefined || body === null) return {}
  if (typeof body !== 'object' || Array.isArray(body))
    throw invalidParameter('The request body must be a JSON object with the fields of the request.')
  return body as Json
}

function decodeAgain(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidParameter('The request body is a JSON text that does not hold JSON itself.')
  }
}

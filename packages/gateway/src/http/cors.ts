import type { IncomingMessage, ServerResponse } from 'node:http'

/** Headers of an answer that a page may read. */
const exposed = [
  'x-hagane-prediction-id',
  'x-hagane-rows',
  'x-ms-request-id',
  'azureml-model-deployment',
  'retry-after',
].join(', ')
const preflightSeconds = '3600'

/**
 * Lets web pages of these origins (`*`: any) call an endpoint: marks the answer, and answers the browser's question
 * beforehand, which carries no key. True when that was the question.
 */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, origins: string[]): boolean {
  const { origin } = request.headers
  if (origin === undefined) return false
  const allowed = origins.includes('*') || origins.includes(origin)
  response.setHeader('vary', 'Origin')
  if (allowed) {
    response.setHeader('access-control-allow-origin', origin)
    response.setHeader('access-control-expose-headers', exposed)
  }
  if (request.method !== 'OPTIONS') return false
  if (allowed) {
    const asked = request.headers['access-control-request-headers']
    response.setHeader('access-control-allow-methods', 'POST, GET')
    response.setHeader('access-control-max-age', preflightSeconds)
    if (asked !== undefined) response.setHeader('access-control-allow-headers', asked)
  }
  response.writeHead(204)
  response.end()
  return true
}

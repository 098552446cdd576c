import type { IncomingMessage, ServerResponse } from 'node:http'
import { HaganeError } from '@hagane/contract'
import { isLoopbackAddress } from '../routing/authenticate.ts'
import type { EndpointHost } from '../routing/endpoint-host.ts'
import type { Routing } from '../routing/routing.ts'
import { asHaganeError, errorAnswer, type Reply, send } from './answer.ts'
import type { Asked } from './body.ts'
import { answerPreflight } from './cors.ts'
import { inShapeOf } from './failure-shape.ts'
import { metricsPage } from './metrics-page.ts'
import { discover, unknownModel } from './oip.ts'
import type { PlainSide } from './plain-connection.ts'
import type { Scoring } from './score.ts'
import { swaggerOf } from './swagger.ts'
import { parseTarget, type Target, unknownPath } from './target.ts'

const text: [string, string][] = [['content-type', 'text/plain; charset=utf-8']]
const json: [string, string][] = [['content-type', 'application/json; charset=utf-8']]

/** Takes what turned out to be true of predictions. */
export type TakeFeedback = (
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  host: EndpointHost,
) => void

/**
 * The gateway's public side: `/endpoints/<name>/{score,invocations,feedback,swagger.json}`, also below `/ws/<workspace>`,
 * and `/metrics`; with `root`, which is put before every other path, an only endpoint at `/`.
 */
export function publicHandler(
  routing: Routing,
  scoring: Scoring,
  feedback: TakeFeedback,
  adminToken: string,
  root = '',
) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    try {
      const target = root === '' ? parseTarget(request.url ?? '/') : belowRoot(root, request.url ?? '/')
      if (target === undefined) {
        if (request.url !== '/metrics') throw unknownPath(request.url)
        metricsPage(routing, adminToken, request, response)
        return
      }
      const host = hostOf(routing, target, request)
      const { cors_origins } = host.entry
      if (cors_origins !== undefined && answerPreflight(request, response, cors_origins)) return
      const isPassed = host.hasServers && isPassedOn(target)
      if (target.action === 'own' && !isPassed) throw unknownPath(request.url)
      const posts = scores(target) || target.action === 'feedback'
      const methods = target.action === 'score' ? ['POST', 'GET', 'OPTIONS'] : posts ? ['POST'] : ['GET', 'HEAD']
      if (isPassed) scoring.handle(request, response, passedTarget(target), host)
      else if (!methods.includes(request.method ?? '')) refuseMethod(request, response, target, methods)
      else if (target.model !== undefined && target.model !== host.entry.name) throw unknownModel(target, host)
      else if (request.method === 'OPTIONS' && !readsHead(host)) send(response, 200, text, [], Buffer.alloc(0))
      else if (scores(target)) scoring.handle(request, response, target, host)
      else if (target.action === 'feedback') feedback(request, response, target, host)
      else if (target.action === 'discover') discover(request, response, target, host)
      else if (target.action === 'health') health(response, host)
      else swagger(request, response, target, host)
    } catch (error) {
      refuse(request, response, error)
    }
  }
}

/** The scoring routes for the plain lane. What comes from a web page is left to the other one, as is what is large. */
export function plainSide(routing: Routing, scoring: Scoring, maxBody: number, root = ''): PlainSide {
  const largest = Math.min(maxBody, mostPlainBody)
  return {
    targetOf({ url, bodyLength }) {
      const target = root === '' ? parseTarget(url) : belowRoot(root, url)
      return target !== undefined && scores(target) && bodyLength <= largest ? target : undefined
    },
    handle(request, reply, target) {
      try {
        const host = hostOf(routing, target, request)
        if (host.hasServers) scoring.handle(request, reply, passedTarget(target), host)
        else if (target.model !== undefined && target.model !== host.entry.name) throw unknownModel(target, host)
        else scoring.handle(request, reply, target, host)
      } catch (error) {
        refuse(request, reply, error)
      }
    },
  }
}

/** Bodies up to here are kept until they are whole; larger ones are read by node:http. */
const mostPlainBody = 256 * 1024

const scores = ({ action }: Target): boolean => action === 'score' || action === 'invocations' || action === 'infer'

function refuse(request: Asked, response: Reply, error: unknown): void {
  const path = request.url ?? ''
  const action = oipPath.test(path) ? 'infer' : parseTarget(path)?.action
  const answer = inShapeOf(action, errorAnswer(asHaganeError(error), ''))
  send(response, answer.status, answer.headers, [], answer.body)
}

const belowRoot = (root: string, url: string): Target | undefined =>
  url === '/metrics' ? undefined : parseTarget(root + url)

/** Models and versions in a path are that server's, not endpoints and deployments. */
const passedTarget = (target: Target): Target =>
  target.action === 'infer' || target.action === 'discover'
    ? { ...target, action: 'own', model: undefined, version: undefined }
    : target

const oipPath = /^((\/ws\/[^/]+)?\/endpoints\/[^/]+)?\/v2(\/|$)/

/** Whatever the gateway does not answer itself is for the server behind the deployment to answer. */
const isPassedOn = ({ action }: Target): boolean => action !== 'health' && action !== 'swagger' && action !== 'feedback'

function hostOf(routing: Routing, target: Target, request: Asked): EndpointHost {
  const host = routing.find(target.workspace, target.endpoint)
  if (host === undefined) {
    throw new HaganeError('not_found', `no endpoint '${target.endpoint}' in workspace '${target.workspace}'`, {
      hint: 'hagane online-endpoint list shows the endpoints and their scoring_uri',
    })
  }
  if (host.entry.public_network_access === 'disabled' && !isLoopbackAddress(request.socket.remoteAddress)) {
    throw new HaganeError('forbidden', `endpoint '${target.endpoint}' answers on this machine only`, {
      hint: 'its public_network_access is disabled',
    })
  }
  return host
}

function refuseMethod(request: IncomingMessage, response: ServerResponse, { action }: Target, allowed: string[]): void {
  const error = new HaganeError('invalid', `method ${request.method} is not allowed here`, {
    details: [{ property: 'method', message: 'not allowed', sent: request.method, allowed }],
  })
  const answer = inShapeOf(action, { ...errorAnswer(error, ''), status: 405 })
  send(response, 405, answer.headers, ['allow', allowed.join(', ')], answer.body)
}

/** Whether the script may want to answer OPTIONS itself; Azure ML's server answers it with nothing otherwise. */
const readsHead = (host: EndpointHost): boolean =>
  host.choose(undefined, () => 0).serving.description?.needs_head === true

/** Azure ML's health text; 503 when no deployment that takes traffic has a worker. */
function health(response: ServerResponse, host: EndpointHost): void {
  const taking = [...host.slots].filter(([name]) => (host.entry.traffic[name] ?? 0) > 0)
  const ready = taking.some(([, slot]) => slot.serving.state === 'ready')
  send(response, ready ? 200 : 503, text, [], Buffer.from(ready ? 'Healthy' : 'Unhealthy'))
}

function swagger(request: IncomingMessage, response: ServerResponse, target: Target, host: EndpointHost): void {
  host.admit(request)
  const named = request.headers['azureml-model-deployment']
  const { description } = host.choose(typeof named === 'string' ? named : undefined, () => 0).serving
  const version = new URLSearchParams(target.query).get('version') ?? (target.path === '/openapi.json' ? '3' : '2')
  const basePath = (request.url ?? '').replace(/\/(swagger|openapi)\.json.*$/, '')
  const document = swaggerOf(description, version, target.endpoint, basePath)
  if (document === undefined) {
    throw new HaganeError('not_found', `swagger version '${version.slice(0, 20)}' is not known`, {
      details: [{ property: 'version', message: 'unknown version', sent: version.slice(0, 20), allowed: ['2', '3'] }],
    })
  }
  send(response, 200, json, [], Buffer.from(JSON.stringify(document)))
}

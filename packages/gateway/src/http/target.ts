import { HaganeError } from '@hagane/contract'

/** What a URL below `/endpoints` or `/ws/<workspace>/endpoints` asks for. */
export interface Target {
  readonly workspace: string
  readonly endpoint: string
  /** `own`: a route that only a server of somebody else's may have. */
  readonly action: 'health' | 'score' | 'invocations' | 'infer' | 'discover' | 'swagger' | 'feedback' | 'own'
  /** Model and version that a path of the Open Inference Protocol names: an endpoint, and a deployment of it. */
  readonly model?: string | undefined
  readonly version?: string | undefined
  /** Path below the endpoint, as scripts with @rawhttp see it. */
  readonly path: string
  readonly query: string
}

const pattern = /^(?:\/ws\/([^/]+))?\/endpoints\/([^/]+)(\/.*)?$/
const actions: Readonly<Record<string, Target['action']>> = {
  '': 'health',
  '/': 'health',
  '/score': 'score',
  '/invocations': 'invocations',
  '/swagger.json': 'swagger',
  '/feedback': 'feedback',
  '/openapi.json': 'swagger',
  '/ping': 'discover',
  '/health': 'discover',
  '/version': 'discover',
  '/v2': 'discover',
  '/v2/health/live': 'discover',
  '/v2/health/ready': 'discover',
}
const modelPath = /^\/v2\/models\/([^/:]+)(?:\/versions\/([^/]+))?(\/ready|\/infer)?$/
const known = new Map<string, Target | undefined>()
const mostKnown = 1000

/** Reads a request's URL; undefined for any other path. Names are decoded once. */
export function parseTarget(url: string): Target | undefined {
  if (known.has(url)) return known.get(url)
  const target = parse(url)
  // Begun anew when it is full: whoever asks for a thousand odd paths must not keep those that are in use out of it.
  if (known.size >= mostKnown) known.clear()
  if (url.length < 500) known.set(url, target)
  return target
}

function parse(url: string): Target | undefined {
  const question = url.indexOf('?')
  const path = question < 0 ? url : url.slice(0, question)
  const match = pattern.exec(path)
  if (match === null) return undefined
  const suffix = match[3] ?? ''
  const ofModel = modelPath.exec(suffix)
  try {
    return {
      workspace: decodeURIComponent(match[1] ?? 'default'),
      endpoint: decodeURIComponent(match[2] as string),
      action: ofModel === null ? (actions[suffix] ?? 'own') : ofModel[3] === '/infer' ? 'infer' : 'discover',
      ...(ofModel === null ? {} : { model: decoded(ofModel[1]), version: decoded(ofModel[2]) }),
      path: suffix === '' ? '/' : suffix,
      query: question < 0 ? '' : url.slice(question + 1),
    }
  } catch {
    return undefined
  }
}

const decoded = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : decodeURIComponent(text)

export const unknownPath = (url: string | undefined): HaganeError =>
  new HaganeError('not_found', `nothing is served at ${(url ?? '').slice(0, 200)}`, {
    hint: 'scoring is at POST /endpoints/<name>/score, …/invocations and …/v2/models/<name>/infer',
  })

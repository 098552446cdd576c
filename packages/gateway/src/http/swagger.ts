import type { ModelDescription } from '../serving/worker.ts'
import { type Protocols, protocolsOf } from './openapi-protocols.ts'

const errorSchema = { type: 'object', properties: { message: { type: 'string' }, error: { type: 'object' } } }

/**
 * The OpenAPI document of an endpoint, `version` 2 or 3 as Azure ML's `swagger.json?version=` takes it. Version 2 is
 * Azure ML's `/score` alone, version 3 has every protocol. A document that lies beside the scoring script goes first.
 */
export function swaggerOf(
  model: ModelDescription | undefined,
  version: string,
  endpoint: string,
  path: string,
): object | undefined {
  const basePath = path === '' ? '/' : path
  if (!/^(2|2\.0|3|3\.0|3\.1)$/.test(version)) return undefined
  const major = version.slice(0, 1)
  const own = model?.swagger.documents[major]
  if (own !== undefined) return own
  const info = { title: endpoint, description: `API of the online endpoint ${endpoint}`, version: '1.0' }
  const input = model?.swagger.input ?? { type: 'object' }
  const output = model?.swagger.output ?? {}
  if (major === '2') return swagger2(info, basePath, input, output)
  const openapi = version === '3.1' ? '3.1.0' : '3.0.3'
  return openapi3({ openapi, info, servers: [{ url: basePath }] }, input, output, protocolsOf(model, endpoint))
}

function swagger2(info: object, basePath: string, input: object, output: object): object {
  const ref = (name: string) => ({ $ref: `#/definitions/${name}` })
  const responses = {
    200: { description: 'the prediction', schema: ref('ServiceOutput') },
    default: { description: 'why there is none', schema: ref('ErrorResponse') },
  }
  const parameters = [{ name: 'serviceInputPayload', in: 'body', schema: ref('ServiceInput') }]
  return {
    swagger: '2.0',
    info,
    basePath,
    consumes: ['application/json'],
    produces: ['application/json'],
    securityDefinitions: { Bearer: { type: 'apiKey', name: 'Authorization', in: 'header' } },
    paths: {
      '/': { get: { operationId: 'ServiceHealthCheck', responses: { 200: { description: 'Healthy' } } } },
      '/score': { post: { operationId: 'RunMLService', security: [{ Bearer: [] }], parameters, responses } },
    },
    definitions: { ServiceInput: input, ServiceOutput: output, ErrorResponse: errorSchema },
  }
}

function openapi3(head: object, input: object, output: object, more: Protocols): object {
  const json = (name: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } })
  const responses = {
    200: { description: 'the prediction', content: json('ServiceOutput') },
    default: { description: 'why there is none', content: json('ErrorResponse') },
  }
  return {
    ...head,
    security: [{ Bearer: [] }],
    paths: {
      '/': { get: { operationId: 'ServiceHealthCheck', responses: { 200: { description: 'Healthy' } } } },
      '/score': { post: { operationId: 'RunMLService', requestBody: { content: json('ServiceInput') }, responses } },
      ...more.paths,
    },
    components: {
      schemas: { ServiceInput: input, ServiceOutput: output, ErrorResponse: errorSchema, ...more.schemas },
      securitySchemes: { Bearer: { type: 'http', scheme: 'bearer' } },
    },
  }
}

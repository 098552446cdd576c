import type { ModelDescription } from '../serving/worker.ts'

const errorSchema = { type: 'object', properties: { error: { type: 'object' } } }

/**
 * The OpenAPI document of an endpoint, `version` 2 or 3 as Azure ML's `swagger.json?version=` takes it. A document that
 * lies beside the scoring script goes first.
 */
export function swaggerOf(
  model: ModelDescription | undefined,
  version: string,
  endpoint: string,
  path: string,
): object | undefined {
  const basePath = path === '' ? '/' : path
  const major = version.split('.')[0] ?? ''
  if (major !== '2' && major !== '3') return undefined
  const own = model?.swagger.documents[major]
  if (own !== undefined) return own
  const info = { title: endpoint, description: `API of the online endpoint ${endpoint}`, version: '1.0' }
  const input = model?.swagger.input ?? { type: 'object' }
  const output = model?.swagger.output ?? {}
  return major === '2' ? swagger2(info, basePath, input, output) : openapi3(info, basePath, input, output)
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

function openapi3(info: object, basePath: string, input: object, output: object): object {
  const json = (name: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } })
  const responses = {
    200: { description: 'the prediction', content: json('ServiceOutput') },
    default: { description: 'why there is none', content: json('ErrorResponse') },
  }
  return {
    openapi: '3.0.3',
    info,
    servers: [{ url: basePath }],
    security: [{ Bearer: [] }],
    paths: {
      '/': { get: { operationId: 'ServiceHealthCheck', responses: { 200: { description: 'Healthy' } } } },
      '/score': { post: { operationId: 'RunMLService', requestBody: { content: json('ServiceInput') }, responses } },
    },
    components: {
      schemas: { ServiceInput: input, ServiceOutput: output, ErrorResponse: errorSchema },
      securitySchemes: { Bearer: { type: 'http', scheme: 'bearer' } },
    },
  }
}

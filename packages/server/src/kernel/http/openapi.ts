import { errorBody, type RouteDeclaration } from '@hagane/contract'
import { z } from 'zod'
import type { BoundRoute } from './call.ts'

type Json = Record<string, unknown>

/** OpenAPI 3.1 from the route table. Schemas with an id become components. */
export function openApiOf(routes: readonly BoundRoute[], version: string): Json {
  const components: Record<string, Json> = {}
  const paths: Record<string, Record<string, Json>> = {}
  for (const { declaration } of routes) {
    const path = declaration.path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}')
    paths[path] = {
      ...paths[path],
      [declaration.method.toLowerCase()]: operationOf(declaration as RouteDeclaration, components),
    }
  }
  schemaOf(errorBody, components)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hagane',
      version,
      description: 'Every path also answers under /ws/{workspace}; without it the workspace is `default`.',
      license: { name: 'Apache-2.0' },
    },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
    security: [{}, { bearer: [] }],
  }
}

function operationOf(route: RouteDeclaration, components: Record<string, Json>): Json {
  const body =
    route.body === undefined
      ? undefined
      : route.body === 'stream'
        ? { 'application/octet-stream': {} }
        : { 'application/json': { schema: schemaOf(route.body, components, 'input') } }
  const parameters = [
    ...parametersOf(route.params, 'path', components),
    ...parametersOf(route.query, 'query', components),
  ]
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.operationId.split('.')[0]],
    'x-permission': route.permission,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: {
      [String(route.status ?? 200)]: answerOf(route, components),
      default: {
        description: 'An error',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function answerOf(route: RouteDeclaration, components: Record<string, Json>): Json {
  if (route.response === undefined || route.response === 'stream')
    return { description: 'Bytes', content: { 'application/octet-stream': {} } }
  return { description: 'OK', content: { 'application/json': { schema: schemaOf(route.response, components) } } }
}

function parametersOf(
  schema: z.ZodObject | undefined,
  place: 'path' | 'query',
  components: Record<string, Json>,
): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, components, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }))
}

function schemaOf(schema: z.ZodType, components: Record<string, Json>, io: 'input' | 'output' = 'output'): Json {
  const suffix = io === 'input' ? 'Input' : ''
  const {
    $defs,
    $schema: _,
    ...json
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline', target: 'draft-2020-12' }) as Json & {
    $defs?: Record<string, Json>
  }
  const rename = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value).replaceAll(
        /"#\/\$defs\/([^"]+)"/g,
        (_all, name: string) => `"#/components/schemas/${name}${suffix}"`,
      ),
    )
  for (const [name, definition] of Object.entries($defs ?? {}))
    components[name + suffix] = rename(strip(definition)) as Json
  const id = json.id as string | undefined
  if (id === undefined) return rename(json) as Json
  components[id + suffix] = rename(strip(json)) as Json
  return { $ref: `#/components/schemas/${id}${suffix}` }
}

const strip = ({ id: _, ...rest }: Json): Json => rest

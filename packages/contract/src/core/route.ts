import { z } from 'zod'

/** What a caller may do. A route without one of these does not compile; `public` is for health and the status page. */
export const permissions = [
  'public',
  'workspace.read',
  'workspace.write',
  'access.manage',
  'audit.read',
  'asset.read',
  'asset.write',
  'job.read',
  'job.write',
  'tracking.read',
  'tracking.write',
  'model.read',
  'model.write',
  'endpoint.read',
  'endpoint.write',
  'endpoint.invoke',
  'gateway.serve',
  'monitor.read',
  'monitor.write',
  'notification.read',
  'notification.write',
  'automation.read',
  'automation.write',
  'automation.approve',
] as const
export type Permission = (typeof permissions)[number]

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * A route declared once: the server validates and authorises by it, OpenAPI is printed from it, the client is typed by it.
 * `body: 'stream'` hands over the raw request; `response: 'stream'` answers bytes.
 */
export interface RouteDeclaration {
  readonly operationId: string
  readonly method: Method
  /** Path with `:parameters`, without the optional `/ws/<workspace>` prefix that every route also answers under. */
  readonly path: string
  readonly permission: Permission
  readonly summary: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType | 'stream'
  readonly response: z.ZodType | 'stream'
  readonly status?: 200 | 201 | 202 | 204
  /** A POST that creates: honours `Idempotency-Key`. */
  readonly idempotent?: boolean
  /** Largest body in bytes; the kernel's default is 16 MiB. */
  readonly bodyLimit?: number
}

/** Declares a route; the result keeps the literal types so that handlers and client calls are checked. */
export const route = <const R extends RouteDeclaration>(declaration: R): R => declaration

type Schema<T> = T extends z.ZodType ? T : never
export type ParamsOf<R extends RouteDeclaration> = R['params'] extends z.ZodObject
  ? z.output<R['params']>
  : Record<string, never>
export type QueryOf<R extends RouteDeclaration> = R['query'] extends z.ZodObject
  ? z.output<R['query']>
  : Record<string, never>
export type BodyOf<R extends RouteDeclaration> = R['body'] extends 'stream'
  ? never
  : R['body'] extends z.ZodType
    ? z.output<Schema<R['body']>>
    : undefined
export type ResponseOf<R extends RouteDeclaration> = R['response'] extends 'stream'
  ? never
  : z.output<Schema<R['response']>>
export type ParamsIn<R extends RouteDeclaration> = R['params'] extends z.ZodObject ? z.input<R['params']> : undefined
export type QueryIn<R extends RouteDeclaration> = R['query'] extends z.ZodObject ? z.input<R['query']> : undefined
export type BodyIn<R extends RouteDeclaration> = R['body'] extends 'stream'
  ? StreamBody
  : R['body'] extends z.ZodType
    ? z.input<Schema<R['body']>>
    : undefined

/** What a `body: 'stream'` route is sent. */
export type StreamBody = NonNullable<RequestInit['body']>

export const ok = z.object({ ok: z.literal(true) })

import type { Readable } from 'node:stream'
import type { BodyOf, HaganeError, ParamsOf, Permission, QueryOf, ResponseOf, RouteDeclaration } from '@hagane/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Who } from '../db/index.ts'

/** Stands for all workspaces at once where a caller's rights are asked; no workspace has this name. */
export const EVERY_WORKSPACE = '*'

/** Who calls, as the access domain made out. */
export interface Caller {
  /** `user:<name>`, `job:<name>`, `gateway`, `local:<name>` */
  readonly actor: string
  /** The chain of automatic steps that the caller is part of. */
  readonly correlation?: string
  /** In one workspace, or with EVERY_WORKSPACE in all of them. */
  can(permission: Permission, workspace: string): boolean
  /** Why nobody may do this there, whatever their rights. */
  refusal?(permission: Permission, workspace: string): HaganeError | undefined
}

/** Finds the caller of a request; throws unauthenticated when credentials are wanted and missing or wrong. */
export type Authenticate = (request: { headers: FastifyRequest['headers']; workspace: string }) => Promise<Caller>

export interface BaseCall extends Who {
  readonly caller: Caller
  readonly requestId: string
  readonly headers: FastifyRequest['headers']
  /** Aborts when the client went away. */
  readonly signal: AbortSignal
  /** The bytes of a `body: 'stream'` route. */
  readonly stream: Readable
}

export interface Call<R extends RouteDeclaration> extends BaseCall {
  readonly params: ParamsOf<R>
  readonly query: QueryOf<R>
  readonly body: BodyOf<R>
  /** The value of If-Match without quotes, if sent. */
  readonly ifMatch?: string | undefined
}

export interface StreamAnswer {
  stream?: Readable
  bytes?: Uint8Array | string
  headers?: Record<string, string>
  status?: number
}

export type Answer<R extends RouteDeclaration> = R['response'] extends 'stream' ? StreamAnswer : ResponseOf<R>

export interface BoundRoute {
  readonly declaration: Omit<RouteDeclaration, 'response'> & { response?: RouteDeclaration['response'] }
  handle(call: BaseCall, request: FastifyRequest, reply: FastifyReply): Promise<unknown>
}

/** Binds a handler to a declared route: input is parsed before, the answer is sent after. */
export type Implement = <R extends RouteDeclaration>(
  declaration: R,
  handler: (call: Call<R>) => Promise<Answer<R>>,
) => BoundRoute

import type { Permission, RouteDeclaration } from '@hagane/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { asHaganeError, type BaseCall, type BoundRoute, rawRoute } from '../../../kernel/http/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import type { Message, Shape } from './fields.ts'
import { mlflowAnswer } from './mlflow-error.ts'
import { readRequest } from './request.ts'

type Method = RouteDeclaration['method']
export type MlflowVersion = '2.0' | '3.0'

/** One call of MLflow's REST API, declared once and served under `/api` and `/ajax-api`. */
export interface Operation {
  /** e.g. `runs.create` */
  readonly name: string
  readonly method: Method
  /** Below `/api/<version>/mlflow`, with `:parameters`. */
  readonly path: string
  readonly version: MlflowVersion
  readonly permission: Permission
  readonly summary: string
  readonly bodyLimit: number | undefined
  handle(call: BaseCall, request: FastifyRequest, reply: FastifyReply): Promise<unknown>
}

interface OperationSpec<S extends Shape> {
  name: string
  method: Method
  path: string
  permission: Permission
  summary: string
  version?: MlflowVersion
  bodyLimit?: number
  request: S
  /** Answers the response message; the empty object for an empty one. */
  handle(input: Message<S>, call: BaseCall): Promise<object>
}

/** Declares an operation with a JSON answer. */
export const operation = <S extends Shape>(spec: OperationSpec<S>): Operation => ({
  ...spec,
  version: spec.version ?? '2.0',
  bodyLimit: spec.bodyLimit,
  handle: async (call, request, reply) => {
    const answer = await spec.handle(readRequest(spec.request, request), call)
    return reply.type('application/json').send(JSON.stringify(answer))
  },
})

/** Turns any error into MLflow's answer; what was not expected is logged and its text withheld. */
export const mlflowErrors =
  (log: Logger) =>
  (error: unknown, reply: FastifyReply): FastifyReply => {
    const failure = asHaganeError(error)
    if (failure.kind === 'internal') log.error({ err: failure.cause ?? failure }, 'MLflow request failed')
    const { status, body } = mlflowAnswer(failure)
    if (status === 401) void reply.header('www-authenticate', 'Basic realm="hagane", Bearer realm="hagane"')
    return reply.code(status).type('application/json').send(JSON.stringify(body))
  }

/** The routes of a table of operations, at both prefixes. */
export function mlflowRoutes(operations: readonly Operation[], log: Logger): BoundRoute[] {
  const mapError = mlflowErrors(log)
  return operations.flatMap(({ name, method, path, version, permission, summary, bodyLimit, handle }) =>
    (['api', 'ajax-api'] as const).map(prefix =>
      rawRoute(
        {
          operationId: `mlflow.${prefix === 'api' ? '' : 'ajax.'}${name}`,
          method,
          path: `/${prefix}/${version}/mlflow${path}`,
          permission,
          summary,
          ...(bodyLimit === undefined ? {} : { bodyLimit }),
        },
        handle,
        mapError,
      ),
    ),
  )
}

import { z } from 'zod'
import { settleIssue } from './issues.ts'

/** Every way a request can fail; one table maps a kind to its HTTP status, on the server and in the client. */
export const errorKinds = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported: 422,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const
export type ErrorKind = keyof typeof errorKinds

/** One thing that is wrong: where, what was sent, what is allowed. */
export const errorDetail = z.object({
  property: z.string().optional().describe('path of the offending field, e.g. jobs.train.inputs.lr'),
  message: z.string(),
  sent: z.unknown().optional(),
  allowed: z.unknown().optional(),
  file: z.string().optional(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
  hint: z.string().optional().describe('what to do about this one'),
})
export type ErrorDetail = z.infer<typeof errorDetail>

export const errorBody = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(errorKinds) as [ErrorKind, ...ErrorKind[]]),
      message: z.string(),
      hint: z.string().optional().describe('what to do next'),
      details: z.array(errorDetail).optional(),
      request_id: z.string().optional(),
    }),
  })
  .meta({ id: 'Error' })
export type ErrorBody = z.infer<typeof errorBody>

/**
 * An expected failure that carries no transport. Domains throw it, the kernel maps it to a status once, and the client
 * rebuilds it from the answer, so a caller handles the same class on both sides of the wire.
 */
export class HaganeError extends Error {
  readonly kind: ErrorKind
  readonly hint: string | undefined
  readonly details: ErrorDetail[] | undefined
  requestId: string | undefined

  constructor(
    kind: ErrorKind,
    message: string,
    more: { hint?: string; details?: ErrorDetail[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'HaganeError'
    this.kind = kind
    this.hint = more.hint
    this.details = more.details
  }

  get status(): number {
    return errorKinds[this.kind]
  }

  toBody(requestId?: string): ErrorBody {
    return {
      error: {
        code: this.kind,
        message: this.message,
        ...(this.hint === undefined ? {} : { hint: this.hint }),
        ...(this.details === undefined ? {} : { details: this.details }),
        ...(requestId === undefined ? {} : { request_id: requestId }),
      },
    }
  }

  static fromBody(body: ErrorBody): HaganeError {
    const error = new HaganeError(body.error.code, body.error.message, {
      ...(body.error.hint === undefined ? {} : { hint: body.error.hint }),
      ...(body.error.details === undefined ? {} : { details: body.error.details }),
    })
    error.requestId = body.error.request_id
    return error
  }
}

const shorten = (value: unknown): unknown => {
  const text = JSON.stringify(value)
  return text !== undefined && text.length > 200 ? `${text.slice(0, 200)}…` : value
}

const valueAt = (input: unknown, path: PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input)

const allowedBy = (issue: z.core.$ZodIssue): unknown => {
  if (issue.code === 'invalid_value') return issue.values
  if (issue.code === 'invalid_type') return issue.expected
  if (issue.code === 'too_big' || issue.code === 'too_small') return limitOf(issue)
  return undefined
}

/** The bound that a value broke, in words: `at least 1`, `above 0`, `at most 5 items`. */
export function limitOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const units: Partial<Record<string, string>> = { string: 'character', array: 'item', set: 'item', file: 'byte' }
  const [bound, strict, reached] =
    issue.code === 'too_small' ? [issue.minimum, 'above', 'at least'] : [issue.maximum, 'below', 'at most']
  const unit = units[issue.origin]
  const counted = unit === undefined ? '' : ` ${unit}${Number(bound) === 1 ? '' : 's'}`
  return `${issue.inclusive === false ? strict : reached} ${bound}${counted}`
}

/** Turns one zod issue into details: property, message, what was sent, what is allowed. */
export function detailsOfIssue(issue: z.core.$ZodIssue, input: unknown): ErrorDetail[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      property: path === '' ? key : `${path}.${key}`,
      message: `unknown property '${key}'`,
      sent: shorten(valueAt(input, [...issue.path, key])),
    }))
  }
  const allowed = allowedBy(issue)
  const sent = shorten(valueAt(input, issue.path))
  return [
    {
      property: path,
      message: issue.message,
      ...(sent === undefined ? {} : { sent }),
      ...(allowed === undefined ? {} : { allowed }),
    },
  ]
}

/** Parses with a schema or throws `invalid` with a detail for each problem. `what` names the thing in the message. */
export function parseOrThrow<S extends z.ZodType>(schema: S, input: unknown, what: string): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const details = result.error.issues.flatMap(settleIssue).flatMap(issue => detailsOfIssue(issue, input))
  const first = details[0]
  throw new HaganeError(
    'invalid',
    `${what}: ${first?.property ? `${first.property}: ` : ''}${first?.message ?? 'invalid'}`,
    {
      details,
    },
  )
}

import { asOipFailure, json } from './oip.ts'
import type { Target } from './target.ts'

interface Failure {
  status: number
  headers: [string, string][]
  body: Buffer
}

/** Names of MLflow's error codes for the statuses that a caller may be answered. */
const mlflowCodes: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  429: 'REQUEST_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
  502: 'INTERNAL_ERROR',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/**
 * A failure as clients of the route's protocol look for it, beside Hagane's `error`: MLflow's `error_code` and `message`,
 * or the Open Inference Protocol's own shape; anywhere else the `message` of Azure ML's server. Others are left as they are.
 */
export function inShapeOf<T extends Failure>(action: Target['action'] | undefined, answer: T): T {
  if (answer.status < 400) return answer
  if (action === 'infer') return asOipFailure(answer)
  try {
    const { error } = JSON.parse(answer.body.toString('utf8')) as { error?: { message?: unknown } }
    if (typeof error?.message !== 'string') return answer
    const code = action === 'invocations' ? { error_code: mlflowCodes[answer.status] ?? 'BAD_REQUEST' } : {}
    const headers = answer.headers.filter(([name]) => name.toLowerCase() !== 'content-type')
    const body = Buffer.from(JSON.stringify({ ...code, message: error.message, error }))
    return { ...answer, headers: [...headers, ...json], body }
  } catch {
    return answer
  }
}

import { type ErrorKind, HaganeError } from '@hagane/contract'

/**
 * MLflow's error codes and their statuses (mlflow/protos/databricks.proto, mlflow/exceptions.py), with one deviation:
 * INVALID_STATE is 400 here. MLflow answers 500, which makes its client retry a caller's mistake for minutes.
 */
export const mlflowStatus = {
  BAD_REQUEST: 400,
  INVALID_PARAMETER_VALUE: 400,
  INVALID_STATE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const
export type MlflowCode = keyof typeof mlflowStatus

const kindOfCode: Record<MlflowCode, ErrorKind> = {
  BAD_REQUEST: 'invalid',
  INVALID_PARAMETER_VALUE: 'invalid',
  INVALID_STATE: 'invalid',
  RESOURCE_ALREADY_EXISTS: 'conflict',
  UNAUTHENTICATED: 'unauthenticated',
  PERMISSION_DENIED: 'forbidden',
  RESOURCE_DOES_NOT_EXIST: 'not_found',
  ENDPOINT_NOT_FOUND: 'not_found',
  RESOURCE_CONFLICT: 'conflict',
  REQUEST_LIMIT_EXCEEDED: 'rate_limited',
  INTERNAL_ERROR: 'internal',
  NOT_IMPLEMENTED: 'unsupported',
  TEMPORARILY_UNAVAILABLE: 'unavailable',
}

const codeOfKind: Record<ErrorKind, MlflowCode> = {
  invalid: 'INVALID_PARAMETER_VALUE',
  unauthenticated: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  not_found: 'RESOURCE_DOES_NOT_EXIST',
  timeout: 'BAD_REQUEST',
  conflict: 'RESOURCE_ALREADY_EXISTS',
  precondition_failed: 'RESOURCE_CONFLICT',
  too_large: 'BAD_REQUEST',
  unsupported: 'BAD_REQUEST',
  rate_limited: 'REQUEST_LIMIT_EXCEEDED',
  internal: 'INTERNAL_ERROR',
  unavailable: 'TEMPORARILY_UNAVAILABLE',
}

/** A failure with the very code and text that MLflow's server gives. Outside MLflow's wire it is an ordinary HaganeError. */
export class MlflowError extends HaganeError {
  readonly code: MlflowCode

  constructor(code: MlflowCode, message: string, more: { hint?: string; cause?: unknown } = {}) {
    super(kindOfCode[code], message, more)
    this.code = code
  }
}

export const invalidParameter = (message: string): MlflowError => new MlflowError('INVALID_PARAMETER_VALUE', message)
export const notFound = (message: string): MlflowError => new MlflowError('RESOURCE_DOES_NOT_EXIST', message)
export const alreadyExists = (message: string): MlflowError => new MlflowError('RESOURCE_ALREADY_EXISTS', message)

/** Status and body of MLflow's error answer: `{error_code, message}`; a hint rides along, clients ignore it. */
export function mlflowAnswer(error: HaganeError): {
  status: number
  body: { error_code: MlflowCode; message: string; hint?: string }
} {
  const code = error instanceof MlflowError ? error.code : codeOfKind[error.kind]
  return {
    status: mlflowStatus[code],
    body: { error_code: code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) },
  }
}

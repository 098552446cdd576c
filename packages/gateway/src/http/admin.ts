import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type GatewayReport, HaganeError } from '@hagane/contract'
import { findPrediction } from '../predictions/find.ts'
import { asHaganeError, errorAnswer, send } from './answer.ts'

export interface AdminParts {
  folder: string
  token: string
  report: () => GatewayReport
}

const json: [string, string][] = [['content-type', 'application/json; charset=utf-8']]
const digestOf = (value: string): Buffer => hash('sha256', value, 'buffer')

/**
 * The side for the control plane and operators, with the token in `<dir>/admin-token`:
 * `GET /admin/status` and `GET /admin/predictions/<id>`.
 */
export function adminHandler(parts: AdminParts) {
  const expected = digestOf(`Bearer ${parts.token}`)
  return (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    answer(parts, expected, request, path).then(
      value => send(response, 200, json, [], Buffer.from(JSON.stringify(value))),
      (error: unknown) => {
        const failure = errorAnswer(asHaganeError(error), '')
        send(response, failure.status, failure.headers, [], failure.body)
      },
    )
  }
}

async function answer(parts: AdminParts, expected: Buffer, request: IncomingMessage, path: string): Promise<unknown> {
  if (!timingSafeEqual(expected, digestOf(request.headers.authorization ?? ''))) {
    throw new HaganeError('unauthenticated', 'the admin token is missing or wrong', {
      hint: "it is in the file admin-token of the gateway's folder",
    })
  }
  if (request.method === 'GET' && path === '/admin/status') return parts.report()
  const prediction = /^\/admin\/predictions\/([\w-]{1,100})$/.exec(path)
  if (request.method !== 'GET' || prediction === null)
    throw new HaganeError('not_found', `nothing is served at ${path}`)
  const record = await findPrediction(parts.folder, prediction[1] as string)
  if (record === undefined) throw new HaganeError('not_found', `no prediction '${prediction[1]}' is recorded here`)
  return record
}

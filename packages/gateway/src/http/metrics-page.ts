import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HaganeError } from '@hagane/contract'
import { isLoopbackAddress } from '../routing/authenticate.ts'
import type { Routing } from '../routing/routing.ts'
import { send } from './answer.ts'
import { gatewayMetrics } from './gateway-metrics.ts'

const type: [string, string][] = [['content-type', 'text/plain; version=0.0.4; charset=utf-8']]
const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer')

/** `GET /metrics` for Prometheus: open on this machine, elsewhere with the admin token as bearer token. */
export function metricsPage(
  routing: Routing,
  adminToken: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const sent = digestOf(request.headers.authorization ?? '')
  const allowed = isLoopbackAddress(request.socket.remoteAddress)
  if (!allowed && !timingSafeEqual(sent, digestOf(`Bearer ${adminToken}`)))
    throw new HaganeError('unauthenticated', 'metrics are open to this machine, and to others with the admin token', {
      hint: "it is in the file admin-token of the gateway's folder; Prometheus sends it with authorization: credentials_file",
    })
  send(response, 200, type, [], Buffer.from(gatewayMetrics(routing)))
}

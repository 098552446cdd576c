import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { GatewayReport, GatewayTable } from '@hagane/contract'

const table = (await json(process.stdin)) as GatewayTable
const reports: GatewayReport[] = []

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://control')
  const answer = (value: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  if (url.pathname === '/reports') answer(reports)
  else if (request.method === 'POST') {
    reports.push((await json(request)) as GatewayReport)
    answer({ ok: true })
  } else if (url.searchParams.get('revision') !== table.revision) answer({ revision: table.revision, table })
  else setTimeout(() => answer({ revision: table.revision }), Number(url.searchParams.get('wait')) * 1000)
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log((server.address() as AddressInfo).port))

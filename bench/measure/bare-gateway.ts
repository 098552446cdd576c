import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayDeployment } from '@hagane/contract'
import { endpointOf, key, scoreDeployment, tableOf } from '../../packages/gateway/src/testing/deployments.ts'
import { gatewayProcess, untilReady } from '../../packages/gateway/src/testing/gateways.ts'

/** A gateway process that serves one scoring script from a table on its disk, without a control plane. */
export async function bareGateway(folder: string, script: string, settings: Partial<GatewayDeployment> = {}) {
  const dir = join(folder, 'gateway')
  await mkdir(dir, { recursive: true })
  const table = tableOf(endpointOf('echo', [scoreDeployment('blue', script, settings)]))
  await writeFile(join(dir, 'table.json'), JSON.stringify({ table, serving: {} }))
  const gateway = await gatewayProcess(dir)
  await untilReady(gateway, 1)
  const scoring = {
    url: `http://127.0.0.1:${gateway.port}/endpoints/echo/score`,
    headers: { authorization: `Bearer ${key}` },
    body: '{}',
  }
  return { gateway, scoring }
}

import { type GatewayRevisionReport, gatewayDeployment } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import { type FindHolder, lockTraffic } from './held.ts'
import { changeDeployment, changeEndpoint, endpointIn } from './store.ts'
import type { DeploymentRow } from './tables.ts'
import { nextState } from './transitions.ts'

type Kind = 'serves' | 'does-not-start'

/** It serves when all workers that were asked for do; one of them that does not start is a failure, while the others go on. */
function kindOf(row: DeploymentRow, said: GatewayRevisionReport): Kind | undefined {
  if (said.state === 'failed') return 'does-not-start'
  if (said.state !== 'ready') return undefined
  const { workers, autoscale, idle_seconds } = gatewayDeployment.parse(JSON.parse(row.entry ?? 'null'))
  const asleep = idle_seconds !== undefined && said.workers === 0
  const free = said.workers === undefined || autoscale !== undefined || asleep
  if (free || (said.workers === workers && said.workers_ready >= workers)) return 'serves'
  return said.workers === workers && said.message !== undefined ? 'does-not-start' : undefined
}

/**
 * Takes over what the gateway says of the revision that is wanted: provisioning ends here, well or not. One that is to take
 * all traffic is given it first, and has succeeded with the report that the gateway sends once it sends it there: whoever
 * sees that it has may call it.
 */
export async function settle(
  tx: Tx,
  row: DeploymentRow,
  said: GatewayRevisionReport,
  findHolder: FindHolder,
): Promise<void> {
  const kind = kindOf(row, said)
  const state = kind === undefined ? row.state : nextState(row.state, { kind })
  const begins = state === 'Succeeded' && state !== row.state
  if (begins && row.all_traffic === 1) {
    await giveAllTraffic(tx, row, findHolder)
    await changeDeployment(tx, row, { all_traffic: 0, serving: null })
    return
  }
  const { message = 'the worker ended', log_tail } = said
  await changeDeployment(tx, row, {
    state,
    serving: JSON.stringify(said),
    error: state === 'Failed' ? JSON.stringify({ message, ...(log_tail === undefined ? {} : { log_tail }) }) : null,
  })
  const before = row.serving === null ? undefined : (JSON.parse(row.serving) as GatewayRevisionReport).state
  if (kind !== undefined && (before !== said.state || state !== row.state)) appendState(tx, said, kind)
}

function appendState(tx: Tx, said: GatewayRevisionReport, kind: Kind): void {
  const { endpoint, deployment, revision_id, message } = said
  tx.append({
    type: kind === 'serves' ? 'dev.hagane.endpoint.deployment-ready' : 'dev.hagane.endpoint.deployment-failed',
    subject: `deployment/${endpoint}/${deployment}`,
    data: { endpoint, deployment, revision_id, ...(message === undefined ? {} : { message }) },
  })
}

async function giveAllTraffic(tx: Tx, row: DeploymentRow, findHolder: FindHolder): Promise<void> {
  await lockTraffic(tx, row.endpoint)
  // what moves the traffic by itself since this was asked for has the last word
  if ((await findHolder(tx, row.endpoint)) !== undefined) return
  const endpoint = await endpointIn(tx, row.endpoint)
  if (endpoint === undefined) return
  const traffic = { [row.name]: 100 }
  const { [row.name]: _, ...mirror } = JSON.parse(endpoint.mirror_traffic) as Record<string, number>
  await changeEndpoint(tx, endpoint, { traffic: JSON.stringify(traffic), mirror_traffic: JSON.stringify(mirror) })
  tx.append({
    type: 'dev.hagane.endpoint.traffic-changed',
    subject: `endpoint/${row.endpoint}`,
    data: { endpoint: row.endpoint, before: JSON.parse(endpoint.traffic), traffic, mirror_traffic: mirror },
  })
}

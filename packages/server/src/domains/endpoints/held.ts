import { HaganeError } from '@hagane/contract'
import { lockUntilCommit, type Tx } from '../../kernel/db/index.ts'

/** Who moves the traffic of an endpoint by itself at the moment: nobody else may change it, nor what it goes to. */
export interface Holder {
  /** In words, e.g. `rollout flights-v3`. */
  name: string
  deployments: readonly string[]
  hint: string
}

/** The holder of an endpoint of the transaction's workspace; asked while `lockTraffic` is held. */
export type FindHolder = (tx: Tx, endpoint: string) => Promise<Holder | undefined>

/** Keeps others from moving the traffic of an endpoint until this transaction ends. */
export const lockTraffic = (tx: Tx, endpoint: string): Promise<void> =>
  lockUntilCommit(tx, `endpoint-traffic/${tx.who.workspace}/${endpoint}`)

/** Throws `conflict` while somebody holds the endpoint; with a deployment, only if it is one of those in play. */
export async function refuseHeld(
  findHolder: FindHolder,
  tx: Tx,
  endpoint: string,
  what: string,
  deployment?: string,
): Promise<void> {
  await lockTraffic(tx, endpoint)
  const holder = await findHolder(tx, endpoint)
  if (holder === undefined || (deployment !== undefined && !holder.deployments.includes(deployment))) return
  throw new HaganeError('conflict', `${holder.name} moves the traffic of endpoint '${endpoint}': ${what} has to wait`, {
    hint: holder.hint,
  })
}

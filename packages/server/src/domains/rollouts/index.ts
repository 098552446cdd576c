import type { RolloutResource, RolloutSpec } from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import type { Holder } from '../endpoints/index.ts'
import { checkRollout } from './check.ts'
import { Driver } from './drive.ts'
import type { RolloutNeeds } from './needs.ts'
import { findRollout } from './reads.ts'
import { toResource } from './resource.ts'
import { bindRoutes } from './routes.ts'
import { createRollout } from './service.ts'
import { holderOf } from './store.ts'

export interface Rollouts {
  routes: BoundRoute[]
  /**
   * Creates and starts a rollout; its name. With the same `idempotency` again it answers the rollout of the first time. Throws
   * invalid, not_found, conflict.
   */
  startRollout(who: Who, spec: RolloutSpec, options?: { idempotency?: string }): Promise<string>
  /**
   * Refuses what a rollout would be refused with whenever it is started; `isOpen` says of a text that it is not known yet. Throws
   * invalid and not_found, named after the property.
   */
  check(workspace: string, spec: RolloutSpec, isOpen?: (text: string) => boolean): Promise<void>
  /** undefined when there is none of this name. */
  find(workspace: string, name: string): Promise<RolloutResource | undefined>
  /** Who moves the traffic of an endpoint at the moment. */
  findHolder(tx: Tx, endpoint: string): Promise<Holder | undefined>
  /** Begins to move rollouts on, also those that another server left. */
  start(): void
  stop(): Promise<void>
}

/** How candidates take over from stable deployments, by measured steps that turn back by themselves. */
export function buildRollouts(given: Omit<RolloutNeeds, 'wake'>): Rollouts {
  const needs: RolloutNeeds = { ...given, wake: () => driver.wake() }
  const driver = new Driver(needs)
  return {
    routes: bindRoutes(needs),
    startRollout: (who, spec, options = {}) => createRollout(needs, who, spec, { start: true, ...options }),
    check: (workspace, spec, isOpen) => checkRollout(needs, workspace, spec, isOpen),
    async find(workspace, name) {
      const row = await findRollout(needs.db, workspace, name)
      return row === undefined ? undefined : toResource(row)
    },
    findHolder,
    start: () => driver.start(),
    stop: () => driver.stop(),
  }
}

/** The rollout that is on its way at an endpoint, as others are told of it. */
async function findHolder(tx: Tx, endpoint: string): Promise<Holder | undefined> {
  const row = await holderOf(tx, endpoint)
  if (row === undefined) return undefined
  return {
    name: `rollout '${row.name}'`,
    deployments: [row.candidate, row.stable],
    hint: `wait for it (hagane rollout watch -n ${row.name}), or turn it back: hagane rollout abort -n ${row.name}`,
  }
}

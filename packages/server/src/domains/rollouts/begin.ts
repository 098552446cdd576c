import { HaganeError, type RolloutSpec } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import type { Split } from '../endpoints/index.ts'
import type { RolloutNeeds } from './needs.ts'
import { holderOf } from './store.ts'

/** Candidate and stable deployment of a rollout, and the traffic to come back to. */
export interface Roles {
  candidate: string
  stable: string
  before: Split
}

/**
 * Who replaces whom, by the traffic as it is now. Refuses what could not be turned back: an endpoint that another rollout holds,
 * traffic at a third deployment, none at all. Throws not_found, invalid, conflict.
 */
export async function rolesOf(
  { endpoints }: Pick<RolloutNeeds, 'endpoints'>,
  tx: Tx,
  spec: RolloutSpec,
  candidate: string,
): Promise<Roles> {
  const { endpoint } = spec
  const { deployments, ...before } = await endpoints.steering.read(tx, endpoint)
  const live = Object.entries(before.traffic).filter(([, share]) => share > 0)
  const others = live.filter(([name]) => name !== candidate).sort(([, a], [, b]) => b - a)
  const stable = spec.stable ?? others[0]?.[0]
  if (spec.model === undefined && !deployments.includes(candidate))
    throw noSuch(endpoint, 'deployment', candidate, deployments)
  if (stable === undefined) throw nothingToReplace(endpoint, candidate)
  if (stable === candidate)
    throw new HaganeError('invalid', `stable: '${stable}' is the candidate itself`, {
      details: [{ property: 'stable', message: 'is the candidate', sent: stable, allowed: deployments }],
    })
  if (!deployments.includes(stable)) throw noSuch(endpoint, 'stable', stable, deployments)
  const third = others.find(([name]) => name !== stable)
  if (third !== undefined || !live.some(([name]) => name === stable)) throw split(endpoint, stable, before)
  const share = before.traffic[candidate] ?? 0
  if (spec.model !== undefined && share > 0)
    throw new HaganeError(
      'conflict',
      `deployment '${candidate}' answers ${share} % of the traffic already: it cannot get another model`,
      {
        hint: 'name another deployment, which is made, or leave it out',
      },
    )
  return { candidate, stable, before }
}

/** Throws `conflict` with the name of the rollout that holds the endpoint. */
export async function refuseHeldByAnother(tx: Tx, endpoint: string): Promise<void> {
  const holder = await holderOf(tx, endpoint)
  if (holder === undefined) return
  throw new HaganeError('conflict', `rollout '${holder.name}' is on its way at endpoint '${endpoint}': one at a time`, {
    hint: `wait for it (hagane rollout watch -n ${holder.name}), or turn it back: hagane rollout abort -n ${holder.name}`,
  })
}

const nothingToReplace = (endpoint: string, candidate: string): HaganeError =>
  new HaganeError('invalid', `endpoint: no deployment of '${endpoint}' has traffic that could be taken over`, {
    hint: `give it all at once: hagane online-endpoint update -n ${endpoint} --traffic "${candidate}=100"`,
  })

export const noSuch = (endpoint: string, property: string, name: string, deployments: string[]): HaganeError =>
  new HaganeError('not_found', `${property}: no deployment '${name}' at online endpoint '${endpoint}'`, {
    details: [{ property, message: 'unknown deployment', sent: name, allowed: deployments }],
    hint: deployments.length === 0 ? 'it has none yet' : `deployments here: ${deployments.join(', ')}`,
  })

const split = (endpoint: string, stable: string, { traffic }: Split): HaganeError =>
  new HaganeError(
    'invalid',
    `endpoint: the traffic of '${endpoint}' is ${JSON.stringify(traffic)}, not that of '${stable}'`,
    {
      hint: 'a rollout replaces one deployment: give the traffic to that one first',
      details: [
        { property: 'stable', message: 'does not have the traffic', sent: stable, allowed: Object.keys(traffic) },
      ],
    },
  )

import type { DeploymentRow } from './tables.ts'

export type DeploymentState = DeploymentRow['state']

/** What can happen to a deployment. */
export type DeploymentEvent =
  | { kind: 'requested' }
  | { kind: 'could-not-be-prepared' }
  | { kind: 'serves' }
  | { kind: 'does-not-start' }

/**
 * The next state. A deployment that served once and fails later stays Succeeded as Azure ML has it: provisioning is over,
 * and what it does since is told by the gateway's reports. A failed one that starts after all has succeeded.
 */
export function nextState(state: DeploymentState | undefined, event: DeploymentEvent): DeploymentState {
  switch (event.kind) {
    case 'requested':
      return state === undefined || state === 'Creating' ? 'Creating' : 'Updating'
    case 'could-not-be-prepared':
      return 'Failed'
    case 'serves':
      return 'Succeeded'
    case 'does-not-start':
      return state === 'Succeeded' ? 'Succeeded' : 'Failed'
  }
}

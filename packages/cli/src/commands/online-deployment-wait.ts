import { setTimeout as pause } from 'node:timers/promises'
import { endpointRoutes, HaganeError, type OnlineDeployment } from '@hagane/contract'
import type { Invocation } from '../invocation.ts'

/** From a twentieth of a second, for a deployment that serves at once, to half of one. */
const [firstPollMs, longestPollMs, slower] = [50, 500, 1.2]

/** Waits until a deployment serves; a failure is an error that holds the end of its log. */
export async function waitForDeployment(call: Invocation, started: OnlineDeployment): Promise<OnlineDeployment> {
  const params = { name: started.endpoint_name, deployment: started.name }
  let deployment = started
  let told: string | undefined
  let pollMs = firstPollMs
  while (!['Succeeded', 'Failed'].includes(deployment.provisioning_state)) {
    const state = deployment.provisioning_state
    if (state !== told) call.note(`${started.endpoint_name}/${started.name} ${state}`)
    told = state
    await pause(pollMs)
    pollMs = Math.min(pollMs * slower, longestPollMs)
    deployment = await call.client.call(endpointRoutes.showDeployment, { params })
  }
  if (deployment.provisioning_state === 'Succeeded') return deployment
  throw new HaganeError(
    'unsupported',
    `${started.name} does not serve: ${deployment.error?.message ?? 'see its log'}`,
    {
      details: (deployment.error?.log_tail ?? []).map(message => ({ message })),
      hint: `hagane online-deployment get-logs -e ${started.endpoint_name} -n ${started.name}`,
    },
  )
}

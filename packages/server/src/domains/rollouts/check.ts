import { HaganeError, type RolloutSpec } from '@hagane/contract'
import { noSuch } from './begin.ts'
import type { RolloutNeeds } from './needs.ts'
import { checkConditions } from './plan.ts'

/**
 * Refuses what a rollout would be refused with, or stopped by, whenever it is started: conditions that cannot be told, and gates, an
 * endpoint or a deployment that are not there. `isOpen` says of a text that it is not known yet. Throws invalid or not_found, named
 * after the property.
 */
export async function checkRollout(
  needs: Pick<RolloutNeeds, 'endpoints' | 'gates'>,
  workspace: string,
  spec: RolloutSpec,
  isOpen: (text: string) => boolean = () => false,
): Promise<void> {
  checkConditions(spec, isOpen)
  await checkGates(needs, workspace, spec, isOpen)
  if (!isOpen(spec.endpoint)) await checkPlace(needs, workspace, spec, isOpen)
}

/** Gates of steps that are not there. */
export async function checkGates(
  { gates }: Pick<RolloutNeeds, 'gates'>,
  workspace: string,
  { strategy }: RolloutSpec,
  isOpen: (text: string) => boolean = () => false,
): Promise<void> {
  for (const [i, { gate }] of (strategy.canary?.steps ?? []).entries())
    if (gate !== undefined && !isOpen(gate.name))
      await gates.require(workspace, gate.name, `strategy.canary.steps.${i}.gate.name`)
}

async function checkPlace(
  { endpoints }: Pick<RolloutNeeds, 'endpoints'>,
  workspace: string,
  { endpoint, model, deployment, stable }: RolloutSpec,
  isOpen: (text: string) => boolean,
): Promise<void> {
  const there = await endpoints.steering.deployments(workspace, endpoint).catch((error: unknown) => {
    if (!(error instanceof HaganeError) || error.kind !== 'not_found') throw error
    const details = [{ property: 'endpoint', message: 'no such online endpoint', sent: endpoint }]
    throw new HaganeError('not_found', `endpoint: ${error.message}`, { hint: error.hint, details })
  })
  const named = [['stable', stable] as const, ...(model === undefined ? [['deployment', deployment] as const] : [])]
  for (const [property, name] of named)
    if (name !== undefined && !isOpen(name) && !there.includes(name)) throw noSuch(endpoint, property, name, there)
}

import { rolloutRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { RolloutNeeds } from './needs.ts'
import { actOn, createRollout, removeRollout } from './service.ts'
import type { Command } from './transitions.ts'
import { pageOfMeasurements, pageOfRollouts, showRollout } from './views.ts'

/** The HTTP face of rollouts. */
export function bindRoutes(needs: RolloutNeeds): BoundRoute[] {
  const { db } = needs
  const act = async (call: { workspace: string; actor: string; params: { name: string } }, command: Command) => {
    await actOn(needs, call, call.params.name, command)
    return showRollout(db, call.workspace, call.params.name)
  }
  return [
    implement(rolloutRoutes.create, async call => {
      const name = await createRollout(needs, call, call.body.rollout, { start: call.body.start })
      return showRollout(db, call.workspace, name)
    }),
    implement(rolloutRoutes.list, call => pageOfRollouts(db, call.workspace, call.query)),
    implement(rolloutRoutes.show, call => showRollout(db, call.workspace, call.params.name)),
    implement(rolloutRoutes.measurements, call => pageOfMeasurements(db, call.workspace, call.params.name, call.query)),
    implement(rolloutRoutes.start, call => act(call, { kind: 'start' })),
    implement(rolloutRoutes.pause, call => act(call, { kind: 'pause', by: call.actor })),
    implement(rolloutRoutes.resume, call => act(call, { kind: 'resume' })),
    implement(rolloutRoutes.abort, call => act(call, { kind: 'abort', by: call.actor, comment: call.body.comment })),
    implement(rolloutRoutes.retry, call => act(call, { kind: 'retry' })),
    implement(rolloutRoutes.approve, call =>
      act(call, { kind: 'approve', by: call.actor, comment: call.body.comment }),
    ),
    implement(rolloutRoutes.promote, call => act(call, { kind: 'promote', by: call.actor, ...call.body })),
    implement(rolloutRoutes.delete, async call => {
      await removeRollout(needs, call, call.params.name)
      return { ok: true as const }
    }),
  ]
}

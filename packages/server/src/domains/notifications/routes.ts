import { subscriptionRoutes } from '@hagane/contract'
import { type BoundRoute, checkIfMatch, implement } from '../../kernel/http/index.ts'
import { optional } from '../../kernel/optional.ts'
import type { NotificationNeeds } from './needs.ts'
import { redeliver, replay, test } from './subscriptions/again.ts'
import { changeExisting, putSubscription, removeSubscription } from './subscriptions/service.ts'
import { pageOfDeliveries, pageOfSubscriptions, showSubscription } from './subscriptions/views.ts'

/** The HTTP face of subscriptions. */
export const bindSubscriptions = (needs: NotificationNeeds): BoundRoute[] => [
  implement(subscriptionRoutes.create, async call => {
    const made = await putSubscription(needs, call, call.body)
    return { ...(await showSubscription(needs, call.workspace, call.body.name)), ...optional('secret', made) }
  }),
  implement(subscriptionRoutes.list, call => pageOfSubscriptions(needs, call.workspace, call.query)),
  implement(subscriptionRoutes.show, call => showSubscription(needs, call.workspace, call.params.name)),
  implement(subscriptionRoutes.update, async call => {
    const { name } = call.params
    const made = await changeExisting(needs, call, name, call.body, row => checkIfMatch(call, String(row.revision)))
    return { ...(await showSubscription(needs, call.workspace, name)), ...optional('secret', made) }
  }),
  implement(subscriptionRoutes.delete, async call => {
    await removeSubscription(needs, call, call.params.name)
    return { ok: true as const }
  }),
  implement(subscriptionRoutes.test, call => test(needs, call, call.params.name)),
  implement(subscriptionRoutes.deliveries, call =>
    pageOfDeliveries(needs, call.workspace, call.params.name, call.query),
  ),
  implement(subscriptionRoutes.redeliver, async call => ({
    deliveries: await redeliver(needs, call, call.params.name, call.body),
  })),
  implement(subscriptionRoutes.replay, async call => ({
    deliveries: await replay(needs, call, call.params.name, call.body),
  })),
]

import type { DeliveryResource, DeliveryState, Page, SubscriptionResource } from '@hagane/contract'
import { eventCount } from '../../../kernel/events/index.ts'
import { numberCursor, pageFrom, textCursor } from '../../../kernel/http/index.ts'
import { listDeliveries, openCounts } from '../delivery/reads.ts'
import type { NotificationNeeds } from '../needs.ts'
import { listSubscriptions } from './reads.ts'
import { toDelivery, toResource } from './resource.ts'
import { getSubscription } from './service.ts'

interface Asked {
  limit: number
  cursor?: string | undefined
}

/** Throws not_found. */
export async function showSubscription(
  needs: NotificationNeeds,
  workspace: string,
  name: string,
): Promise<SubscriptionResource> {
  const row = await getSubscription(needs, workspace, name)
  return toResource(row, (await openCounts(needs.db, [row.id])).get(row.id), await eventCount(needs.db))
}

/** By name. */
export async function pageOfSubscriptions(
  { db }: NotificationNeeds,
  workspace: string,
  { limit, cursor }: Asked,
): Promise<Page<SubscriptionResource>> {
  const rows = await listSubscriptions(db, workspace, { limit: limit + 1, after: textCursor(cursor) })
  const ids = rows.map(row => row.id)
  const [counts, head] = [await openCounts(db, ids), await eventCount(db)]
  return pageFrom(
    rows,
    limit,
    row => toResource(row, counts.get(row.id), head),
    row => [row.name],
  )
}

/** Newest event first. Throws not_found. */
export async function pageOfDeliveries(
  needs: NotificationNeeds,
  workspace: string,
  name: string,
  { limit, cursor, state }: Asked & { state?: DeliveryState | undefined },
): Promise<Page<DeliveryResource>> {
  const { id } = await getSubscription(needs, workspace, name)
  const rows = await listDeliveries(needs.db, id, { limit: limit + 1, before: numberCursor(cursor), state })
  return pageFrom(rows, limit, toDelivery, row => [row.seq])
}

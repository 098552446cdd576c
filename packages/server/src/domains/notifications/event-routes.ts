import { eventRoutes } from '@hagane/contract'
import { cloudEventHeaders, cloudEventText, findEvent, toCloudEvent } from '../../kernel/events/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import { stretchOfEvents } from './event-stretch.ts'
import type { NotificationNeeds } from './needs.ts'

/** Events as CloudEvents, to be read from any place on. */
export const bindEvents = ({ db }: Pick<NotificationNeeds, 'db'>): BoundRoute[] => [
  implement(eventRoutes.list, async call => {
    const { rows, next } = await stretchOfEvents(db, call.workspace, call.query)
    return { items: rows.map(toCloudEvent), ...(next === undefined ? {} : { next_seq: next }) }
  }),
  implement(eventRoutes.show, async call => {
    const event = await findEvent(db, call.workspace, call.params.id)
    if (call.query.mode === 'binary') return { bytes: event.data, headers: cloudEventHeaders(event) }
    return { bytes: cloudEventText(event), headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' } }
  }),
]

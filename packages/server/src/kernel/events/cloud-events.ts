import type { CloudEvent } from '@hagane/contract'
import type { EventRow } from '../db/index.ts'
import { toRecord } from './reads.ts'

const SEQUENCE_DIGITS = 16

/** Attributes of an event as CloudEvents 1.0 names them, all as text. */
function cloudAttributes(event: EventRow, correlation: unknown): Record<string, string> {
  return {
    specversion: '1.0',
    id: event.id,
    source: `/ws/${event.workspace}`,
    type: event.type,
    subject: event.subject,
    time: event.time,
    datacontenttype: 'application/json',
    sequence: String(event.seq).padStart(SEQUENCE_DIGITS, '0'),
    workspace: event.workspace,
    actor: event.actor,
    ...(typeof correlation === 'string' ? { correlationid: correlation } : {}),
  }
}

/** An event in the JSON format of CloudEvents 1.0, as an object. */
export function toCloudEvent(event: EventRow): CloudEvent {
  const { data } = toRecord(event)
  return { ...cloudAttributes(event, data.correlation_id), data } as unknown as CloudEvent
}

const texts = new WeakMap<EventRow, string>()

/** The same as text; the data stay the very bytes that are stored. Made once for a row, however many are told of it. */
export function cloudEventText(event: EventRow): string {
  const known = texts.get(event)
  if (known !== undefined) return known
  const attributes = JSON.stringify(cloudAttributes(event, correlationIn(event)))
  const text = `${attributes.slice(0, -1)},"data":${event.data}}`
  texts.set(event, text)
  return text
}

/** Headers of the binary mode of its HTTP binding, section 3.1; the body is the data. */
export function cloudEventHeaders(event: EventRow): Record<string, string> {
  const { datacontenttype, ...attributes } = cloudAttributes(event, correlationIn(event))
  return Object.fromEntries([
    ['content-type', datacontenttype as string],
    ...Object.entries(attributes).map(([name, value]) => [`ce-${name}`, headerText(value)]),
  ])
}

/** Looked for only where there is one: most events carry none, and a body is made for each of thousands a second. */
const correlationIn = (event: EventRow): unknown =>
  event.data.includes('"correlation_id"') ? toRecord(event).data.correlation_id : undefined

/** Percent-encodes what its HTTP binding, section 3.1.3.2, does not let through: space, double quote, percent, and all but printable ASCII. */
const headerText = (value: string): string =>
  value.replace(/[^\x21-\x7e]|["%]/gu, character => encodeURIComponent(character.isWellFormed() ? character : '\ufffd'))

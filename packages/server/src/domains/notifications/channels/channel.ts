import type { EventRecord, Language } from '@hagane/contract'
import type { EventRow } from '../../../kernel/events/index.ts'

/** An event on its way to somebody. */
export interface Telling {
  readonly event: EventRow
  /** The event with its data read. */
  record(): EventRecord
  /** The same at each try. */
  readonly deliveryId: string
  /** Counts from 1. */
  readonly attempt: number
  readonly now: Date
  readonly language: Language
  /** Address of this server as people reach it. */
  readonly serverUrl: string
  /** Data of the last event of a type and subject before this one. */
  earlier(type: string, subject: string): Promise<Record<string, unknown> | undefined>
  /** What tracking knows of a run. */
  run(name: string): Promise<RunFacts | undefined>
}

export interface RunFacts {
  readonly experiment_id: string
  readonly tags: Readonly<Record<string, string>>
}

interface HttpMessage {
  readonly kind: 'http'
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}
export interface MailMessage {
  readonly kind: 'mail'
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly id: string
}
export type Message = HttpMessage | MailMessage

/** One way to tell: what it makes of an event, or undefined when it has no words for it. */
export interface Channel {
  message(telling: Telling): Message | undefined | Promise<Message | undefined>
  /** Whether it has words for an event, asked once for each. */
  tells(event: EventRow): boolean
}

/** A JSON body for an address. */
export const postJson = (url: string, body: unknown, headers: Record<string, string> = {}): HttpMessage => ({
  kind: 'http',
  url,
  headers: { 'user-agent': 'hagane', 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, auditRoutes, type EventRecord } from '@hagane/contract'
import { exitCodes } from '../failure.ts'
import { count, text } from '../grammar/flags.ts'
import type { Invocation } from '../invocation.ts'
import { type Noun, verb } from '../invocation.ts'
import { persistently } from '../stream/reconnect.ts'
import { serverSentEvents } from '../stream/server-sent-events.ts'
import { harmless } from '../terminal/terminal.ts'
import { defaultMost, eventColumns, eventFilterFlags, eventListFlags } from './event-flags.ts'
import { replay } from './event-replay.ts'
import { collect } from './pages.ts'

interface Filter {
  type: string | undefined
  subject: string | undefined
  actor: string | undefined
}

const list = verb({
  name: 'list',
  summary: 'List events, newest first',
  examples: [
    'hagane event list --type "dev.hagane.job.*" -o table',
    'hagane event list --correlation 01KC0YJ4N3M5Q8R2T6V9W1X3Z7 -o table',
  ],
  flags: {
    ...eventListFlags,
    correlation: text('--correlation <id>', 'the chain of steps that this event began, oldest first'),
  },
  run: async (call, options) => {
    const { type, subject, actor, correlation } = options
    const events = await collect(options.maxResults ?? defaultMost, page =>
      call.client.call(auditRoutes.list, { query: { ...page, type, subject, actor, correlation } }),
    )
    await call.print(events, eventColumns)
  },
})

const watch = verb({
  name: 'watch',
  summary: 'Print events as they happen, until Ctrl-C',
  description: 'One line an event: for people on a terminal, as JSON otherwise.',
  examples: ['hagane event watch', 'hagane event watch --type "dev.hagane.model.*" | jq .subject'],
  flags: { ...eventFilterFlags, after: count('--after <seq>', 'start after this sequence number (default: now)') },
  run: async (call, options) => {
    const stop = new AbortController()
    const undo = call.surroundings.onInterrupt(() => stop.abort())
    try {
      return await follow(call, options, options.after, stop.signal)
    } catch (error) {
      if (stop.signal.aborted) return exitCodes.interrupted
      throw error
    } finally {
      undo()
    }
  },
})

const pauseMs = 250

/** The newest event there is: what comes after it is news, also when the first connection breaks before any came. */
async function newest(call: Invocation, signal: AbortSignal): Promise<number> {
  const { items } = await call.client.call(auditRoutes.list, { query: { limit: 1 }, signal })
  return items[0]?.seq ?? 0
}

/** Goes on where it was when the connection breaks. */
async function follow(call: Invocation, filter: Filter, from: number | undefined, signal: AbortSignal): Promise<never> {
  let after = from ?? (await newest(call, signal))
  const { type, subject, actor } = filter
  const lost = () => call.note('the server does not answer; trying again')
  for (;;) {
    const query = { type, subject, actor, after }
    const response = await persistently(() => call.client.raw(auditRoutes.stream, { query, signal }), lost, signal)
    after = await readUntilBroken(call, response, after, signal)
    await pause(pauseMs, undefined, { signal })
  }
}

async function readUntilBroken(call: Invocation, response: Answer, from: number, signal: AbortSignal) {
  let after = from
  try {
    for await (const { data } of serverSentEvents(response.body as unknown as AsyncIterable<Uint8Array>)) {
      const event = JSON.parse(data) as EventRecord
      after = event.seq
      call.surroundings.stdout.write(eventLine(call, event, data))
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof TypeError)) throw error
  }
  return after
}

function eventLine(call: Invocation, event: EventRecord, data: string): string {
  const forPeople = call.surroundings.stdout.isTTY === true && !call.likeAz && call.globals.output === undefined
  if (!forPeople) return `${data.replace(/\n/g, ' ')}\n`
  const { time, actor, type, subject } = event
  return harmless(`${time}  ${actor}  ${type}  ${subject}`).replaceAll('\n', ' ').concat('\n')
}

export const noun: Noun = { name: 'event', summary: 'Read, watch and replay events', verbs: [list, watch, replay] }

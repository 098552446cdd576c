import { type CloudEvent, eventRoutes, HaganeError, subscriptionRoutes } from '@hagane/contract'
import { count, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import { eventFilterFlags } from './event-flags.ts'
import { periodOf } from './time-flags.ts'

interface Stretch {
  from_seq?: number
  since?: string
  until?: string
  until_seq?: number
}

interface Filter {
  type?: string
  subject?: string
  where?: string
}

const sendTimeoutMs = 30_000

/** Every event of a stretch in order. */
async function* eventsOf(call: Invocation, stretch: Stretch, filter: Filter): AsyncGenerator<CloudEvent> {
  let from: Stretch = stretch
  for (;;) {
    const { items, next_seq } = await call.client.call(eventRoutes.list, {
      query: { ...from, ...filter, limit: 500 },
    })
    yield* items
    if (next_seq === undefined) return
    from = { ...stretch, from_seq: next_seq }
  }
}

async function sendTo(url: string, event: CloudEvent): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(sendTimeoutMs),
  }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw stopped(event, cause)
  })
  await answer.body?.cancel()
  if (!answer.ok) throw stopped(event, `answered ${answer.status}`)
}

const stopped = (event: CloudEvent, why: string): HaganeError =>
  new HaganeError('unavailable', `event ${Number(event.sequence)} was not taken: ${why}`, {
    hint: `go on with --from-seq ${Number(event.sequence)} once it is mended`,
  })

async function replayInto(call: Invocation, to: string | undefined, stretch: Stretch, filter: Filter): Promise<void> {
  let sent = 0
  for await (const event of eventsOf(call, stretch, filter)) {
    if (to === undefined) call.surroundings.stdout.write(`${JSON.stringify(event)}\n`)
    else await sendTo(to, event)
    sent++
  }
  call.note(`${sent} events`)
}

/** `hagane event replay`. */
export const replay = verb({
  name: 'replay',
  summary: 'Tell events of the past again: on stdout, to an address, or by a subscription',
  description:
    'As CloudEvents in their order, one a line. An address gets them one after the other, unsigned, and the first it does not take ends it. ' +
    'A subscription delivers what passes its own filter, signed and retried, under the ids of the first time.',
  examples: [
    'hagane event replay --since 2h --type "dev.hagane.job.*" > events.ndjson',
    'hagane event replay --from-seq 4711 --to http://localhost:8080/events',
    'hagane event replay --since 1d --to ops',
  ],
  flags: {
    fromSeq: count('--from-seq <seq>', 'from this sequence number on'),
    since: text('--since <time>', 'from this time: 2026-11-23T22:00:00Z, 2026-11-23, or 2h ago as 2h'),
    untilSeq: count('--until-seq <seq>', 'up to this sequence number'),
    until: text('--until <time>', 'before this time'),
    type: eventFilterFlags.type,
    subject: eventFilterFlags.subject,
    where: text('--where <cel>', 'only events for which this is true, e.g. event.data.status == "Failed"'),
    to: text('--to <target>', 'name of a subscription, or an http address'),
  },
  run: async (call, { fromSeq, untilSeq, since, until, to, type, subject, where }) => {
    if ((fromSeq === undefined) === (since === undefined))
      throw new UsageError(
        fromSeq === undefined ? 'say where to begin' : '--from-seq and --since both say where to begin: give one',
        '--from-seq <seq> or --since <time>',
      )
    if (fromSeq !== undefined && untilSeq !== undefined && untilSeq < fromSeq)
      throw new UsageError(`--until-seq ${untilSeq} is before --from-seq ${fromSeq}`, 'give a larger --until-seq')
    const stretch: Stretch = {
      ...(fromSeq === undefined ? {} : { from_seq: fromSeq }),
      ...(untilSeq === undefined ? {} : { until_seq: untilSeq }),
      ...periodOf({ since, until }),
    }
    const filter: Filter = {
      ...(type === undefined ? {} : { type }),
      ...(subject === undefined ? {} : { subject }),
      ...(where === undefined ? {} : { where }),
    }
    if (to === undefined || /^https?:\/\//.test(to)) return replayInto(call, to, stretch, filter)
    if (Object.keys(filter).length > 0)
      throw new UsageError('a subscription has a filter of its own', 'leave out --type, --subject and --where')
    await call.print(await call.client.call(subscriptionRoutes.replay, { params: { name: to }, body: stretch }))
  },
})

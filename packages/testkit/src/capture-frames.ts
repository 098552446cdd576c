import {
  type CapturedFeedback,
  type CollectedData,
  type CollectionPlan,
  captureFrames,
  notKept,
  type PredictionRecord,
} from '@hagane/contract'

export const liveRevision = 'aaaaaaaaaaaaaaaa'
export const shadowRevision = 'bbbbbbbbbbbbbbbb'
export const collectsNothing: CollectionPlan = { collections: {}, headers: [], redact: {}, copies: {} }

/** A prediction id of a revision, the same for the same number. */
export const predictionIdOf = (n: number, revision = liveRevision): string =>
  `pr-${revision}-01KB0000000000000000${String(n).padStart(4, '0')}00`

/** What a gateway is told to have seen: bodies as values, which become JSON. */
export interface SeenExchange {
  n: number
  request?: unknown
  answer?: unknown
  status?: number
  rows?: number
  mirrored?: string[]
  shadowOf?: number
  collected?: CollectedData[]
}

/** The frame of an exchange as gateways write it, of the hour 2026-11-26T10. */
export function exchangeFrame(revision: string, seen: SeenExchange): Buffer {
  const { n, request, answer, status = 200, rows = 1, mirrored, shadowOf, collected } = seen
  const record: PredictionRecord = {
    id: predictionIdOf(n, revision),
    time: `2026-11-26T10:00:${String(n % 60).padStart(2, '0')}.000Z`,
    ...{ workspace: 'default', endpoint: 'e', deployment: 'x', revision, rows, status, latency_ms: 2.5 },
    ...{ input_sha256: '0'.repeat(64), output_sha256: '0'.repeat(64) },
    ...(shadowOf === undefined ? {} : { mirror_of: predictionIdOf(shadowOf) }),
  }
  const notes = { content_type: 'application/json', answer_type: 'application/json', request_id: `req-${n}`, mirrored }
  const taken = collected === undefined ? undefined : Buffer.concat(collected.map(one => jsonFrame(0, one)))
  const parts = [bytesOf(record), bytesOf(notes), bytesOf(request), bytesOf(answer), taken]
  const lengths = Buffer.alloc(parts.length * 4)
  for (const [at, part] of parts.entries()) lengths.writeUInt32LE(part?.length ?? notKept, at * 4)
  return frame(captureFrames.exchange, Buffer.concat([lengths, ...parts.flatMap(part => part ?? [])]))
}

/** The first frame of a capture file. */
export const headerFrame = (deployment: string, revision: string, plan: CollectionPlan): Buffer =>
  jsonFrame(captureFrames.header, { workspace: 'default', endpoint: 'e', deployment, revision, plan })

export const feedbackFrame = (received_at: string, items: CapturedFeedback['items'], endpoint = 'e'): Buffer =>
  jsonFrame(captureFrames.feedback, { workspace: 'default', endpoint, received_at, items })

/** A frame that holds JSON. */
export const jsonFrame = (type: number, value: unknown): Buffer => frame(type, Buffer.from(JSON.stringify(value)))

/** A body as bytes stays what it is. */
const bytesOf = (value: unknown): Buffer | undefined =>
  value === undefined ? undefined : Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value))

function frame(type: number, content: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32LE(content.length + 1, 0)
  head[4] = type
  return Buffer.concat([head, content])
}

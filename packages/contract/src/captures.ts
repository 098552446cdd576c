import { z } from 'zod'
import { collectionPlan } from './collection-plan.ts'
import { nameSchema } from './core/names.ts'
import type { FeedbackItem } from './feedback.ts'
import { revisionIdSchema } from './gateway.ts'
import type { PredictionRecord } from './predictions.ts'

/**
 * What a gateway keeps of exchanges until it is turned into Parquet, below its folder:
 *
 *     captures/<revision_id>/<hour>.<ulid>.open       being written; what a killed gateway left is renamed by the next one
 *     captures/<revision_id>/<hour>.<ulid>.capture    will not change again
 *     captures/feedback-<workspace>/<hour>.<ulid>.{open,capture}   what was sent to /endpoints/<name>/feedback
 *
 * A file is a row of frames: `u32 length` of the rest, `u8 type`, content; numbers are little-endian. The first frame is
 * the header. A frame that does not end was never acknowledged.
 */
export const captureFrames = { header: 0, exchange: 1, feedback: 2 } as const

export const captureHeader = z.object({
  workspace: nameSchema,
  endpoint: nameSchema,
  deployment: nameSchema,
  revision: revisionIdSchema,
  plan: collectionPlan,
})
export type CaptureHeader = z.output<typeof captureHeader>

/** What is known of an exchange beside its record and bodies. */
export interface CaptureNotes {
  readonly content_type: string
  readonly answer_type: string
  /** The caller's request id, or the one it was given. */
  readonly request_id: string
  /** Deployments that the request was copied to. */
  readonly mirrored?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** One exchange as it was captured; a body that was not kept is undefined. */
export interface CapturedExchange {
  readonly record: PredictionRecord
  readonly notes: CaptureNotes
  readonly request: Uint8Array | undefined
  readonly answer: Uint8Array | undefined
  /** What the script's collectors handed over, one JSON document each. */
  readonly collected: readonly CollectedData[]
}

/** What one call of a script's `Collector.collect` hands over; without rows it says that its sample passed this by. */
export interface CollectedData {
  readonly collection: string
  readonly correlation_id: string
  readonly rows?: readonly Record<string, unknown>[]
}

/** Feedback as it was sent to a gateway. */
export interface CapturedFeedback {
  readonly workspace: string
  readonly endpoint: string
  readonly received_at: string
  readonly items: readonly FeedbackItem[]
}

/** Lengths in front of an exchange's parts: record, notes, request, answer, collected. */
export const exchangeParts = 5
export const notKept = 0xffff_ffff
const frameHead = 5

/** The whole frames of a capture file, in order: type and content. A torn end is passed over. */
export function* framesOf(bytes: Uint8Array): Generator<{ type: number; content: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + frameHead <= bytes.length; ) {
    const end = at + 4 + view.getUint32(at, true)
    if (end > bytes.length) return
    yield { type: view.getUint8(at + 4), content: bytes.subarray(at + frameHead, end) }
    at = end
  }
}

/** Reads the content of an exchange's frame. */
export function readExchange(content: Uint8Array): CapturedExchange {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  let at = exchangeParts * 4
  const [record, notes, request, answer, collected] = Array.from({ length: exchangeParts }, (_, part) => {
    const length = view.getUint32(part * 4, true)
    if (length === notKept) return undefined
    at += length
    return content.subarray(at - length, at)
  })
  return {
    record: parsed(record) as PredictionRecord,
    notes: parsed(notes) as CaptureNotes,
    request,
    answer,
    collected:
      collected === undefined ? [] : [...framesOf(collected)].map(frame => parsed(frame.content) as CollectedData),
  }
}

const decoder = new TextDecoder()
const parsed = (bytes: Uint8Array | undefined): unknown => JSON.parse(decoder.decode(bytes))

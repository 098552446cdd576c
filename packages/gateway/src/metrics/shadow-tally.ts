import type { PredictionRecord } from '@hagane/contract'

/** `failed`: the shadow did, live did not. */
export type ShadowResult = 'same' | 'different' | 'failed'

/** Mirrored requests of which not all answers are there; the oldest is forgotten beyond this. */
const mostOpen = 10_000

interface OpenRequest {
  live?: PredictionRecord
  readonly waiting: PredictionRecord[]
  left: number
}

/** Counts, as answers come, whether those of shadows are byte for byte what was answered. */
export class ShadowTally {
  /** By `live`, `shadow` and result. */
  readonly counts = new Map<string, { live: string; shadow: string; result: ShadowResult; count: number }>()
  readonly #open = new Map<string, OpenRequest>()

  /** Notes the answer of live, with the number of copies that were made, or that of a copy. */
  note(record: PredictionRecord, copies: number): void {
    const id = record.mirror_of ?? record.id
    const open = this.#open.get(id) ?? { waiting: [], left: 0 }
    this.#open.set(id, open)
    if (record.mirror_of === undefined) {
      open.live = record
      open.left += copies
    } else open.waiting.push(record)
    if (open.live !== undefined) this.#settle(id, open, open.live)
    if (this.#open.size > mostOpen) for (const oldest of this.#open.keys()) return void this.#open.delete(oldest)
  }

  #settle(id: string, open: OpenRequest, live: PredictionRecord): void {
    for (const shadow of open.waiting.splice(0)) {
      open.left -= 1
      if (live.status < 400) this.#count(live.deployment, shadow.deployment, resultOf(live, shadow))
    }
    if (open.left <= 0) this.#open.delete(id)
  }

  #count(live: string, shadow: string, result: ShadowResult): void {
    const key = `${live} ${shadow} ${result}`
    const known = this.counts.get(key) ?? { live, shadow, result, count: 0 }
    known.count += 1
    this.counts.set(key, known)
  }
}

const resultOf = (live: PredictionRecord, shadow: PredictionRecord): ShadowResult =>
  shadow.status >= 400 ? 'failed' : shadow.output_sha256 === live.output_sha256 ? 'same' : 'different'

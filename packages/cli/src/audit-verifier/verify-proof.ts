import { hash } from 'node:crypto'
import { type EventLine, hashOf } from './read-export.ts'
import { openCheckpoint } from './signed-note.ts'
import { rootOfPath } from './tree.ts'

/** Ties one prediction to a signed checkpoint. */
export interface Proof {
  readonly prediction: string
  /** The line of the sealed file, without its end. */
  readonly record: string
  readonly index: number
  readonly path: readonly string[]
  readonly event: EventLine
  readonly event_path: readonly string[]
  readonly checkpoint: string
  readonly public_key: string
}

/** What the verification of a proof found: each step, and the first that does not hold. */
export interface ProofVerdict {
  readonly ok: boolean
  readonly prediction: string
  readonly public_key: string
  readonly steps: readonly { readonly step: string; readonly ok: boolean; readonly says: string }[]
}

/**
 * Checks without a server that a prediction was recorded before a checkpoint was signed: the line leads to the root of its
 * file, the event that names this root leads to the root that was signed. The format is in docs/guides/audit.md.
 */
export function verifyProof(proof: Proof, publicKey = proof.public_key): ProofVerdict {
  const { record, index, path, event } = proof
  const steps: { step: string; ok: boolean; says: string }[] = []
  const step = (name: string, ok: boolean, says: string) => void steps.push({ step: name, ok, says })
  const said = read(record)
  const isOfRecord = proof.prediction === said?.id || String(proof.prediction).startsWith(`${said?.id}-`)
  step('record', isOfRecord, `the line is of prediction ${said?.id}`)
  const { root, count, digest } = read(event?.data) ?? {}
  const reached = rootOfPath(hash('sha256', String(record)), index, Number(count), path ?? [])
  const isRooted = reached !== undefined && reached === root && event.type === 'dev.hagane.audit.segment-rooted'
  step('file', isRooted, `it is line ${index + 1} of ${count} of the file with SHA-256 ${digest}`)
  step('event', event !== undefined && hashOf(event) === event.hash, `event ${event?.seq} of ${event?.time} says so`)
  step('chain', ...signed(proof, publicKey))
  return { ok: steps.every(({ ok }) => ok), prediction: proof.prediction, public_key: publicKey, steps }
}

function signed({ checkpoint, event, event_path }: Proof, publicKey: string): [boolean, string] {
  try {
    const { origin, size, root, time } = openCheckpoint(checkpoint, publicKey)
    const holds = rootOfPath(event.hash, event.seq - 1, size, event_path) === root
    return [holds, `${origin} signed ${size} events at ${time}, and this event ${holds ? 'is' : 'is not'} among them`]
  } catch (error) {
    return [false, (error as Error).message]
  }
}

function read(text: unknown): Record<string, unknown> | undefined {
  try {
    return JSON.parse(String(text)) as Record<string, unknown>
  } catch {
    return undefined
  }
}

import type { Readable } from 'node:stream'

/**
 * Frames between gateway and worker: little-endian, `u32 length, u8 type, u32 id`, then what the type says. The other
 * side is packages/python/worker/hagane_worker/frames.py.
 */
export const toWorker = { config: 0, request: 1, ping: 2, stop: 3 } as const
export const fromWorker = { answered: 1, ready: 2, failed: 3, pong: 4, collected: 5, batched: 6 } as const
/** `infer` is the Open Inference Protocol v2; its content type is `oip`, or `oip;<bytes of JSON>` where binary data follows. */
export const routes = { score: 0, invocations: 1, infer: 2 } as const

export const headSize = 9
export const requestHeadSize = 8 + 1 + 1 + 1 + 2 + 4
export const soloFlag = 1
const getFlag = 2

/** What a worker is asked. `head` is JSON of path, query and headers, for workers that asked for it. */
export interface WorkerRequest {
  readonly name: string
  readonly route: 0 | 1 | 2
  readonly method: string
  readonly contentType: string
  readonly head: Buffer | undefined
  readonly body: Buffer
  /** For workers that speak HTTP themselves: where it goes and the headers it takes along. */
  readonly forward?: Forward | undefined
  /** Told when a worker gets it, where the request is traced. */
  readonly trace?: { given(): void } | undefined
}

export interface Forward {
  /** Path and query at the server; undefined means its scoring route with the query alone. */
  readonly path: string | undefined
  readonly query: string
  readonly headers: readonly string[]
  /** Address of the endpoint for its callers, for redirects. */
  readonly prefix: string
}

/** What a worker answers; `rows` is the number of predictions in it. */
export interface WorkerAnswer {
  readonly status: number
  readonly rows: number
  readonly headers: [string, string][]
  readonly body: Buffer
  /** The body where it comes piece by piece; `body` is empty then. Whoever takes the answer reads or destroys it. */
  readonly stream?: Readable
  /** SHA-256 of the body of a stream that has been read. */
  readonly digest?: string
  /** What the script's collectors handed over while it answered: frames of JSON. */
  readonly collected?: Buffer
}

export interface Frame {
  readonly type: number
  readonly id: number
  readonly payload: Buffer
}

export function packFrame(type: number, id: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const frame = Buffer.allocUnsafe(headSize + payload.length)
  frame.writeUInt32LE(headSize - 4 + payload.length, 0)
  frame[4] = type
  frame.writeUInt32LE(id, 5)
  frame.set(payload, headSize)
  return frame
}

/** Packs a request; `deadline` is seconds of the monotonic clock that both processes share. */
export function packRequest(id: number, request: WorkerRequest, deadline: number, solo: boolean): Buffer {
  const headLength = request.head?.length ?? 0
  const texts = request.name.length + request.contentType.length
  const frame = Buffer.allocUnsafe(headSize + requestHeadSize + texts + headLength + request.body.length)
  frame.writeUInt32LE(frame.length - 4, 0)
  frame[4] = toWorker.request
  frame.writeUInt32LE(id, 5)
  frame.writeDoubleLE(deadline, 9)
  frame[17] = request.route
  frame[18] = (solo ? soloFlag : 0) | (request.method === 'GET' ? getFlag : 0)
  frame[19] = request.name.length
  frame.writeUInt16LE(request.contentType.length, 20)
  frame.writeUInt32LE(headLength, 22)
  let at = headSize + requestHeadSize
  at += frame.write(request.name, at, 'latin1')
  at += frame.write(request.contentType, at, 'latin1')
  if (request.head !== undefined) at += request.head.copy(frame, at)
  request.body.copy(frame, at)
  return frame
}

export function unpackAnswer(payload: Buffer): WorkerAnswer {
  const headLength = payload.readUInt32LE(6)
  const bodyStart = 10 + headLength
  return {
    status: payload.readUInt16LE(0),
    rows: payload.readUInt32LE(2),
    headers: headLength === 0 ? [] : JSON.parse(payload.toString('utf8', 10, bodyStart)),
    body: payload.subarray(bodyStart),
  }
}

/** Cuts a byte stream into frames, whatever the pieces it comes in. */
export class FrameReader {
  #rest: Buffer[] = []
  #have = 0
  #need = 4

  push(chunk: Buffer): Frame[] {
    this.#rest.push(chunk)
    this.#have += chunk.length
    if (this.#have < this.#need) return []
    const buffer = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest)
    const frames: Frame[] = []
    let at = 0
    this.#need = 4
    while (buffer.length - at >= 4) {
      const size = 4 + buffer.readUInt32LE(at)
      if (buffer.length - at < size) {
        this.#need = size
        break
      }
      frames.push({
        type: buffer.readUInt8(at + 4),
        id: buffer.readUInt32LE(at + 5),
        payload: buffer.subarray(at + headSize, at + size),
      })
      at += size
    }
    this.#rest = at === buffer.length ? [] : [buffer.subarray(at)]
    this.#have = buffer.length - at
    return frames
  }
}

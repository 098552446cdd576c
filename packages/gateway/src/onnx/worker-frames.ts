import { fromWorker, headSize, packFrame, requestHeadSize, soloFlag, type WorkerAnswer } from '../serving/frames.ts'

/** A request as a worker of this program reads it; the other side of `packRequest`. */
export interface FramedRequest {
  readonly id: number
  /** Seconds of the machine's monotonic clock. */
  readonly deadline: number
  readonly route: number
  /** It must not share a run with others: a worker died of it, or of one beside it. */
  readonly isSolo: boolean
  readonly name: string
  readonly contentType: string
  readonly body: Buffer
}

export function unpackRequest(id: number, payload: Buffer): FramedRequest {
  const nameEnd = requestHeadSize + payload.readUInt8(10)
  const typeEnd = nameEnd + payload.readUInt16LE(11)
  const bodyStart = typeEnd + payload.readUInt32LE(13)
  return {
    id,
    deadline: payload.readDoubleLE(0),
    route: payload.readUInt8(8),
    isSolo: (payload.readUInt8(9) & soloFlag) !== 0,
    name: payload.toString('latin1', requestHeadSize, nameEnd),
    contentType: payload.toString('latin1', nameEnd, typeEnd),
    body: payload.subarray(bodyStart),
  }
}

const answerHeadSize = 10

/** Packs an answer; the other side of `unpackAnswer`. */
export function packAnswer(id: number, { status, rows, headers, body }: WorkerAnswer): Buffer {
  const head = headers.length === 0 ? '' : JSON.stringify(headers)
  const headLength = Buffer.byteLength(head)
  const frame = Buffer.allocUnsafe(headSize + answerHeadSize + headLength + body.length)
  frame.writeUInt32LE(frame.length - 4, 0)
  frame[4] = fromWorker.answered
  frame.writeUInt32LE(id, 5)
  frame.writeUInt16LE(status, headSize)
  frame.writeUInt32LE(rows, headSize + 2)
  frame.writeUInt32LE(headLength, headSize + 6)
  frame.write(head, headSize + answerHeadSize, 'utf8')
  body.copy(frame, headSize + answerHeadSize + headLength)
  return frame
}

export const packJson = (type: number, value: unknown): Buffer => packFrame(type, 0, Buffer.from(JSON.stringify(value)))

import { expect, test } from 'vitest'
import { FrameReader, fromWorker, packFrame, packRequest, unpackAnswer } from './frames.ts'

const answerPayload = (status: number, rows: number, head: string, body: string): Buffer => {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16LE(status, 0)
  fixed.writeUInt32LE(rows, 2)
  fixed.writeUInt32LE(Buffer.byteLength(head), 6)
  return Buffer.concat([fixed, Buffer.from(head), Buffer.from(body)])
}

test('frames come out whole, wherever the stream is cut', () => {
  const frames = [packFrame(1, 7, Buffer.from('first')), packFrame(4, 8), packFrame(2, 9, Buffer.from('third one'))]
  const stream = Buffer.concat(frames)
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const reader = new FrameReader()
    const out = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))]
    expect(out.map(frame => [frame.type, frame.id, frame.payload.toString()])).toEqual([
      [1, 7, 'first'],
      [4, 8, ''],
      [2, 9, 'third one'],
    ])
  }
})

test('a frame that arrives byte by byte comes out once', () => {
  const reader = new FrameReader()
  const out = [...packFrame(1, 1, Buffer.from('slow'))].flatMap(byte => reader.push(Buffer.from([byte])))
  expect(out).toHaveLength(1)
  expect(out[0]?.payload.toString()).toBe('slow')
})

test('an answer keeps status, rows, headers and body apart', () => {
  const frame = packFrame(fromWorker.answered, 3, answerPayload(422, 2, '[["a","b"]]', '{"x":1}'))
  const [out] = new FrameReader().push(frame)
  const answer = unpackAnswer(out?.payload ?? Buffer.alloc(0))
  expect(answer).toMatchObject({ status: 422, rows: 2, headers: [['a', 'b']] })
  expect(answer.body.toString()).toBe('{"x":1}')
})

test('a request carries its deadline, flags and every text at the place that the worker reads', () => {
  const request = {
    name: 'pr-1',
    route: 1,
    method: 'GET',
    contentType: 'text/csv',
    head: Buffer.from('{}'),
    body: Buffer.from('a,b'),
  } as const
  const frame = packRequest(5, request, 12.5, true)
  expect(frame.readUInt32LE(0)).toBe(frame.length - 4)
  expect(frame.readUInt32LE(5)).toBe(5)
  expect(frame.readDoubleLE(9)).toBe(12.5)
  expect([...frame.subarray(17, 20)]).toEqual([1, 3, 4])
  expect(frame.toString('latin1', 26)).toBe('pr-1text/csv{}a,b')
})

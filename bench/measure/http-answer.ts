/**
 * Bytes of the first HTTP/1.1 answer in a buffer (RFC 9112 §6.3: content-length or chunked), or undefined while that
 * cannot be told yet.
 */
export function answerLength(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return headEnd + 4 + Number(length)
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunkedEnd(bytes, headEnd + 4)
  throw new Error(`an answer with neither content-length nor chunks: ${head}`)
}

function chunkedEnd(bytes: Buffer, start: number): number | undefined {
  let position = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', position)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', position, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error('a chunk without a size')
    position = lineEnd + 2 + size + 2
    if (size === 0) return position
    if (position > bytes.length) return undefined
  }
}

import { HaganeError } from '@hagane/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BlobStore } from '../../../kernel/blobs/index.ts'

/** One range of RFC 9110; several ranges are answered whole, as the RFC allows. `end` is inclusive. */
export function byteRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const suffix = match[1] === ''
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = suffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (start > end || start >= size)
    throw new HaganeError('invalid', `the range ${header} lies outside the ${size} bytes of this artifact`)
  return { start, end }
}

/** Sends a blob as a download that no browser renders: attachment, nosniff, sandbox. Artifacts are whatever a job wrote. */
export function sendDownload(
  request: FastifyRequest,
  reply: FastifyReply,
  blobs: BlobStore,
  file: { digest: string; size: number },
  path: string,
): FastifyReply {
  const range = byteRange(request.headers.range, file.size)
  const name = path.slice(path.lastIndexOf('/') + 1)
  void reply.headers({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeRfc5987(name)}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
    'accept-ranges': 'bytes',
    etag: `"${file.digest}"`,
    'content-length': String(range === undefined ? file.size : range.end - range.start + 1),
  })
  if (range === undefined) return reply.send(blobs.open(file.digest))
  void reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.size}`)
  return reply.send(blobs.open(file.digest, range))
}

const encodeRfc5987 = (name: string): string =>
  encodeURIComponent(name).replace(/['()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

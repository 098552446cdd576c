import type { Readable } from 'node:stream'
import { blobRoutes, HaganeError, packLimit } from '@hagane/contract'
import { type BlobStore, openLocalAccess } from '../../kernel/blobs/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'

/** Uploading and reading content by digest. Content is shared by all workspaces: whoever can name a SHA-256 has seen the bytes. */
export function buildContent({ blobs, dataDir }: { blobs: BlobStore; dataDir: string }): { routes: BoundRoute[] } {
  const local = openLocalAccess(dataDir)
  return {
    routes: [
      implement(blobRoutes.missing, async call => ({ missing: await blobs.missing(call.body.digests) })),
      implement(blobRoutes.putPack, async call => blobs.putPack(await wholeBody(call.stream))),
      implement(blobRoutes.localAccess, async () => ({ access_file: local.file, key_digest: local.keyDigest })),
      implement(blobRoutes.putLocal, async call => {
        local.check(call.body.access)
        return { digests: await blobs.putLocal(call.body.files) }
      }),
      implement(blobRoutes.compose, call => blobs.compose(call.params.digest, call.body.parts)),
      implement(blobRoutes.put, call => blobs.put(call.stream, call.params.digest)),
      implement(blobRoutes.get, async call => {
        const size = await blobs.size(call.params.digest)
        const range = rangeOf(call.headers.range, size)
        const headers = {
          'accept-ranges': 'bytes',
          'content-disposition': 'attachment',
          'content-security-policy': 'sandbox',
          etag: `"${call.params.digest}"`,
        }
        if (range === undefined)
          return { stream: blobs.open(call.params.digest), headers: { ...headers, 'content-length': String(size) } }
        return {
          stream: blobs.open(call.params.digest, range),
          status: 206,
          headers: {
            ...headers,
            'content-range': `bytes ${range.start}-${range.end}/${size}`,
            'content-length': String(range.end - range.start + 1),
          },
        }
      }),
      implement(blobRoutes.putTree, async call => {
        const { digest, size, fileCount } = await blobs.putTree(call.body.entries)
        return { digest, size, file_count: fileCount }
      }),
      implement(blobRoutes.treeSummary, async call => {
        const { digest, size, fileCount } = await blobs.treeSummary(call.params.digest)
        return { digest, size, file_count: fileCount }
      }),
      implement(blobRoutes.getTree, call => blobs.getTree(call.params.digest)),
    ],
  }
}

/** The bytes of a request, once it is certain that they fit into memory. */
async function wholeBody(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > packLimit)
      throw new HaganeError('too_large', `a pack has at most ${packLimit} bytes`, { hint: 'send several' })
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** One range of RFC 9110; several ranges, and any range of no bytes, are answered whole, as the RFC allows. `end` is inclusive. */
export function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || size === 0 || (match[1] === '' && match[2] === '')) return undefined
  const suffix = match[1] === ''
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = suffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (start > end || start >= size)
    throw new HaganeError('invalid', `the range ${header} lies outside the ${size} bytes of this content`)
  return { start, end }
}

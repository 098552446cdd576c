import { z } from 'zod'
import { largestChunk } from './chunks.ts'
import { digestSchema, treePathSchema } from './core/names.ts'
import { route } from './core/route.ts'

/** A tree is a manifest: its canonical JSON is stored as a blob and named by that blob's digest. Entries sorted by path. */
export const treeEntry = z.strictObject({
  path: treePathSchema,
  digest: digestSchema,
  size: z.number().int().min(0),
  executable: z.boolean().optional(),
})
export type TreeEntry = z.output<typeof treeEntry>
export const treeManifest = z.strictObject({ entries: z.array(treeEntry).max(1_000_000) })
export type TreeManifest = z.output<typeof treeManifest>

/** Most blobs that a composed one may have; at the usual 150 kB each that is a file of 150 GB. Send larger ones whole. */
export const mostParts = 1_000_000
/** Bytes of one `blobs.putPack` request. */
export const packLimit = 32 * 2 ** 20

const blobPart = z.strictObject({ digest: digestSchema, size: z.number().int().min(1).max(largestChunk) })
export type BlobPart = z.output<typeof blobPart>

const treeSummary = z.object({ digest: digestSchema, size: z.number().int(), file_count: z.number().int() })

/** What tells a file from any other, and from itself after somebody wrote to it. As `fs.stat` with `bigint` gives it. */
interface FileFacts {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly mode: bigint
}
/** Device, inode, size, times and the owner's right to execute, in one text. */
export const fileStamp = ({ dev, ino, size, mtimeNs, ctimeNs, mode }: FileFacts): string =>
  `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}:${mode & 0o100n}`

/** Name of the file in which a server keeps what `blobs.putLocal` asks for, and its length in hexadecimal digits. */
export const localAccessFile = 'local-access'
export const localAccessDigits = 64
const localFile = z.strictObject({
  path: z.string().startsWith('/').max(4096),
  size: z.number().int().min(0),
  stamp: z.string().max(200),
})
export type LocalFileOffer = z.output<typeof localFile>

const digestParams = z.object({ digest: digestSchema })
export const blobRoutes = {
  missing: route({
    operationId: 'blobs.missing',
    method: 'POST',
    path: '/api/v1/blobs/missing',
    permission: 'asset.write',
    summary: 'Which of these digests are not stored yet',
    body: z.strictObject({ digests: z.array(digestSchema).max(100_000) }),
    response: z.object({ missing: z.array(digestSchema) }),
    bodyLimit: 64 * 2 ** 20,
  }),
  put: route({
    operationId: 'blobs.put',
    method: 'PUT',
    path: '/api/v1/blobs/:digest',
    permission: 'asset.write',
    summary: 'Store a blob; refused when the bytes have another digest',
    params: digestParams,
    body: 'stream',
    response: z.object({ digest: digestSchema, size: z.number().int() }),
    status: 201,
    bodyLimit: Number.MAX_SAFE_INTEGER,
  }),
  putPack: route({
    operationId: 'blobs.putPack',
    method: 'POST',
    path: '/api/v1/blobs/pack',
    permission: 'asset.write',
    summary:
      'Store many small blobs at once: each is its digest (32 bytes), its length (4 bytes, big-endian) and its bytes, at most 1 MiB; refused when one has another digest',
    body: 'stream',
    response: z.object({ blobs: z.number().int() }),
    status: 201,
    bodyLimit: packLimit,
  }),
  compose: route({
    operationId: 'blobs.compose',
    method: 'POST',
    path: '/api/v1/blobs/:digest/parts',
    permission: 'asset.write',
    summary: 'Store a large blob as a row of blobs that are all stored; refused when together they have another digest',
    params: digestParams,
    body: z.strictObject({ parts: z.array(blobPart).min(1).max(mostParts) }),
    response: z.object({ digest: digestSchema, size: z.number().int() }),
    status: 201,
    bodyLimit: 128 * 2 ** 20,
  }),
  localAccess: route({
    operationId: 'blobs.localAccess',
    method: 'GET',
    path: '/api/v1/blobs/local',
    permission: 'asset.write',
    summary: 'Where the key for blobs.putLocal lies; who cannot read it sends the bytes instead',
    response: z.object({
      access_file: z.string(),
      key_digest: digestSchema.describe('SHA-256 of the key: who finds another key there is on another machine'),
    }),
  }),
  putLocal: route({
    operationId: 'blobs.putLocal',
    method: 'POST',
    path: '/api/v1/blobs/local',
    permission: 'asset.write',
    summary:
      "Store files of the server's own machine by their paths, for callers that may read what the server may; null for a file that is not there or is not what the stamp says",
    body: z.strictObject({
      access: z.string().length(localAccessDigits),
      files: z.array(localFile).min(1).max(10_000),
    }),
    response: z.object({ digests: z.array(digestSchema.nullable()) }),
    bodyLimit: 64 * 2 ** 20,
  }),
  get: route({
    operationId: 'blobs.get',
    method: 'GET',
    path: '/api/v1/blobs/:digest',
    permission: 'asset.read',
    summary: 'Read a blob; honours Range',
    params: digestParams,
    response: 'stream',
  }),
  putTree: route({
    operationId: 'trees.put',
    method: 'POST',
    path: '/api/v1/trees',
    permission: 'asset.write',
    summary: 'Store a tree whose blobs are all stored',
    body: treeManifest,
    response: treeSummary,
    status: 201,
    bodyLimit: 256 * 2 ** 20,
  }),
  treeSummary: route({
    operationId: 'trees.summary',
    method: 'GET',
    path: '/api/v1/trees/:digest/summary',
    permission: 'asset.read',
    summary: 'Size and number of files of a tree whose blobs are all stored',
    params: digestParams,
    response: treeSummary,
  }),
  getTree: route({
    operationId: 'trees.get',
    method: 'GET',
    path: '/api/v1/trees/:digest',
    permission: 'asset.read',
    summary: 'The manifest of a tree',
    params: digestParams,
    response: treeManifest,
  }),
}

import { z } from 'zod'
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
    response: z.object({ digest: digestSchema, size: z.number().int(), file_count: z.number().int() }),
    status: 201,
    bodyLimit: 256 * 2 ** 20,
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

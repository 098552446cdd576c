import { z } from 'zod'
import { nameSchema, timeSchema } from './core/names.ts'
import { route } from './core/route.ts'

/** What a column holds, in words that hold for every file format. */
export const columnTypes = ['integer', 'number', 'boolean', 'string', 'timestamp', 'date', 'other'] as const
export type ColumnType = (typeof columnTypes)[number]

export const cell = z.union([z.string(), z.number(), z.boolean(), z.null()])
/** A value as JSON can hold it; what is more, such as a list, is its text. */
export type Cell = z.output<typeof cell>

export const columnProfile = z
  .object({
    name: z.string(),
    type: z.enum(columnTypes),
    nulls: z.number().int(),
    distinct: z.number().int().describe('approximate, by HyperLogLog'),
    min: cell.optional(),
    max: cell.optional(),
    mean: z.number().nullish(),
    std: z.number().nullish().describe('of the sample, n - 1'),
    quantiles: z.record(z.string(), z.number()).optional().describe('approximate, by t-digest; keys such as p50'),
    top: z
      .array(z.object({ value: cell, count: z.number().int() }))
      .describe('most frequent values; none for a column of more than 100,000 different ones'),
  })
  .meta({ id: 'ColumnProfile' })
export type ColumnProfile = z.output<typeof columnProfile>

export const tableProfile = z
  .object({ rows: z.number().int(), columns: z.array(columnProfile) })
  .meta({ id: 'TableProfile' })
export type TableProfile = z.output<typeof tableProfile>

export const dataProfile = z
  .object({
    status: z.enum(['pending', 'ready', 'failed']),
    profile: tableProfile.optional(),
    computed_at: timeSchema.optional(),
    error: z.string().optional().describe('why there is no profile, e.g. the files are no table'),
  })
  .meta({ id: 'DataProfile' })
export type DataProfile = z.output<typeof dataProfile>

const row = z.record(z.string(), cell)

export const dataDiff = z
  .object({
    left: z.object({ name: z.string(), rows: z.number().int() }),
    right: z.object({ name: z.string(), rows: z.number().int() }),
    equal: z.boolean(),
    columns: z.object({
      added: z.array(z.object({ name: z.string(), type: z.enum(columnTypes) })),
      removed: z.array(z.object({ name: z.string(), type: z.enum(columnTypes) })),
      changed: z.array(z.object({ name: z.string(), from: z.enum(columnTypes), to: z.enum(columnTypes) })),
    }),
    rows: z.object({
      added: z.number().int(),
      removed: z.number().int(),
      changed: z.number().int().describe('same key, other values; 0 without a key'),
      unchanged: z.number().int(),
    }),
    changed_columns: z.record(z.string(), z.number().int()).describe('rows that differ, by column; with a key only'),
    sample: z.array(
      z.object({ change: z.enum(['added', 'removed', 'changed']), before: row.optional(), after: row.optional() }),
    ),
  })
  .meta({ id: 'DataDiff' })
export type DataDiff = z.output<typeof dataDiff>

export const dataDiffRequest = z.strictObject({
  left: z.string().min(1).describe('azureml:<name>:<version> or any other reference to content'),
  right: z.string().min(1),
  key: z.array(z.string().min(1)).default([]).describe('columns that name a row; without them whole rows are compared'),
  sample: z.number().int().min(0).max(1000).default(20).describe('how many differing rows to show'),
})

export const dataProfileRoutes = {
  profile: route({
    operationId: 'data.profile',
    method: 'GET',
    path: '/api/v1/data/:name/versions/:version/profile',
    permission: 'asset.read',
    summary: 'Schema and column profile of a tabular data version; computed in the background when there is none yet',
    params: z.object({ name: nameSchema, version: z.string().min(1).max(300).describe('a version, or @label') }),
    query: z.object({ refresh: z.stringbool().default(false).describe('compute it again') }),
    response: dataProfile,
  }),
  diff: route({
    operationId: 'data.diff',
    method: 'POST',
    path: '/api/v1/data/diff',
    permission: 'asset.read',
    summary: 'Compare two tables by columns and rows',
    body: dataDiffRequest,
    response: dataDiff,
  }),
}

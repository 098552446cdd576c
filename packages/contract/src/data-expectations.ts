import { z } from 'zod'
import { timeSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { columnTypes } from './data-profiles.ts'

const fraction = z.number().min(0).max(1)
const bound = z.union([z.number(), z.string()]).describe('a number, or a date or time in ISO 8601')
const duration = z.string().regex(/^\d+(\.\d+)?\s*(s|m|h|d|w)$/, 'a number and s, m, h, d or w, such as 36h or 7d')

const drift = z
  .strictObject({
    psi: z
      .number()
      .positive()
      .optional()
      .describe('largest population stability index; 0.1 is a small shift, 0.25 a large one'),
    ks: fraction.optional().describe('largest two-sample Kolmogorov-Smirnov statistic; numeric columns only'),
  })
  .refine(limits => limits.psi !== undefined || limits.ks !== undefined, 'name psi, ks, or both')

interface Range {
  min?: number | string | undefined
  max?: number | string | undefined
}

/** Times are compared as such, so that `2026-1-1` needs no care. */
const comparable = (value: number | string): number => (typeof value === 'number' ? value : Date.parse(value))

/** Refuses bounds that no value can keep. */
function ordered({ min, max }: Range, context: z.core.$RefinementCtx<unknown>): void {
  if (min === undefined || max === undefined) return
  if (typeof min !== typeof max)
    context.addIssue({ code: 'custom', path: ['max'], message: `min is a ${typeof min} and max is a ${typeof max}` })
  else if (comparable(min) > comparable(max))
    context.addIssue({ code: 'custom', path: ['max'], message: `it is below min (${min}): no value can be in between` })
}

export const columnExpectations = z
  .strictObject({
    type: z.enum(columnTypes).optional(),
    required: z.boolean().default(true).describe('false: the other expectations hold where the column is there'),
    min: bound.optional(),
    max: bound.optional(),
    nulls: z
      .strictObject({ max_count: z.number().int().min(0).optional(), max_fraction: fraction.optional() })
      .optional(),
    unique: z.boolean().optional(),
    allowed: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .optional(),
    regex: z.string().min(1).optional().describe('RE2; matches the whole value'),
    mean: z.strictObject({ min: z.number().optional(), max: z.number().optional() }).superRefine(ordered).optional(),
    drift: drift.optional(),
  })
  .superRefine(ordered)

interface Named {
  columns: Record<string, unknown>
  extra_columns: 'allow' | 'refuse'
  unique: string[][]
  freshness?: { column: string } | undefined
}

/** A file that allows no other columns than it lists can expect nothing of others. */
function refuseUnlisted({ columns, extra_columns, unique, freshness }: Named, context: z.core.$RefinementCtx<unknown>) {
  if (extra_columns !== 'refuse') return
  const named: [(string | number)[], string][] = unique.flatMap((list, at) =>
    list.map((column, index): [(string | number)[], string] => [['unique', at, index], column]),
  )
  if (freshness !== undefined) named.push([['freshness', 'column'], freshness.column])
  for (const [path, column] of named)
    if (!Object.hasOwn(columns, column))
      context.addIssue({
        code: 'custom',
        path,
        message: `'${column}' is not under columns, and extra_columns refuses others; columns: ${Object.keys(columns).join(', ') || 'none'}`,
      })
}

/** What a table is expected to be: the file of `hagane data validate`. */
export const expectations = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().optional(),
    description: z.string().optional(),
    rows: z
      .strictObject({ min: z.number().int().min(0).optional(), max: z.number().int().min(0).optional() })
      .superRefine(ordered)
      .optional(),
    columns: z.record(z.string(), columnExpectations).default({}),
    extra_columns: z.enum(['allow', 'refuse']).default('allow').describe('columns that are not listed'),
    unique: z.array(z.array(z.string()).min(1)).default([]).describe('combinations of columns that name a row'),
    freshness: z
      .strictObject({ column: z.string(), max_age: duration, as_of: z.string().optional().describe('default: now') })
      .optional(),
    reference: z.string().min(1).optional().describe('the table that drift is measured against'),
    drift: drift.optional().describe('for every column that the reference has too'),
  })
  .refine(
    file =>
      file.reference !== undefined ||
      (file.drift === undefined && Object.values(file.columns).every(column => column.drift === undefined)),
    { path: ['reference'], message: 'drift needs a reference: the table to compare with' },
  )
  .superRefine(refuseUnlisted)
  .meta({ id: 'Expectations' })
export type Expectations = z.output<typeof expectations>
export type ColumnExpectations = z.output<typeof columnExpectations>

export const expectationResult = z.object({
  column: z.string().nullable().describe('null: the table as a whole'),
  expectation: z.string(),
  passed: z.boolean(),
  allowed: z.string(),
  observed: z.string(),
  failing_rows: z.number().int().optional(),
  examples: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
})
export type ExpectationResult = z.output<typeof expectationResult>

export const validationReport = z
  .object({
    name: z.string(),
    data: z.string(),
    reference: z.string().optional(),
    passed: z.boolean(),
    rows: z.number().int(),
    checked_at: timeSchema,
    results: z.array(expectationResult),
  })
  .meta({ id: 'ValidationReport' })
export type ValidationReport = z.output<typeof validationReport>

export const dataValidationRoutes = {
  validate: route({
    operationId: 'data.validate',
    method: 'POST',
    path: '/api/v1/data/validate',
    permission: 'asset.read',
    summary: 'Check a table against expectations',
    body: z.strictObject({ data: z.string().min(1).describe('a reference to content'), expectations }),
    response: validationReport,
  }),
}

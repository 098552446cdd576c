import { z } from 'zod'

/** An exact type or subject, or a prefix that ends in `*`. */
const pattern = z.string().min(1).max(600)

/**
 * Which events somebody wants: one of the types, one of the subjects, and a CEL expression over `event` (id, time, workspace,
 * actor, type, subject, data) that is true. What is left out lets everything pass.
 */
export const eventFilter = z
  .strictObject({
    types: z.array(pattern).min(1).max(100).optional().describe('exact, or a prefix that ends in *'),
    subjects: z.array(pattern).min(1).max(100).optional().describe('exact, or a prefix that ends in *'),
    where: z
      .string()
      .min(1)
      .max(4000)
      .optional()
      .describe('CEL, e.g. event.data.status == "Failed" && has(event.data.tags.team)'),
  })
  .meta({ id: 'EventFilter' })
export type EventFilter = z.output<typeof eventFilter>

/** True where the value is the pattern, or begins with it when it ends in `*`. */
export const matchesPattern = (pattern: string, value: string): boolean =>
  pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value

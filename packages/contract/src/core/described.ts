import { z } from 'zod'
import { tagsSchema } from './names.ts'

/** What people say of a thing of theirs: in its specification, and in a change of it. */
export const description = {
  display_name: z.string().optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
}

/** The same in a resource. */
export const described = {
  display_name: z.string().optional(),
  description: z.string().optional(),
  tags: z.record(z.string(), z.string()),
  properties: z.record(z.string(), z.string()),
}

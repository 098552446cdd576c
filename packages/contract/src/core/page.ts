import { z } from 'zod'

/** Query of every list: keyset pagination, newest first unless the route says otherwise. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(2000).optional().describe('next_cursor of the page before'),
}

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().optional() })

export type Page<T> = { items: T[]; next_cursor?: string }

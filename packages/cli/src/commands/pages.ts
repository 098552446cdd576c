import type { Page } from '@hagane/contract'

const largestPage = 1000

/** Follows the pages of a list until `most` items are there. `keep` filters before counting. */
export async function collect<T>(
  most: number,
  fetchPage: (query: { limit: number; cursor: string | undefined }) => Promise<Page<T>>,
  keep: (item: T) => boolean = () => true,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const limit = Math.min(largestPage, Math.max(1, most - items.length))
    const page = await fetchPage({ limit, cursor })
    items.push(...page.items.filter(keep))
    cursor = page.next_cursor
  } while (cursor !== undefined && items.length < most)
  return items.slice(0, most)
}

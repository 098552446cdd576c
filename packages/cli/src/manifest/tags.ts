import { pairsOf } from './changes.ts'

/** The resource with the tags of `--tags` over its own. */
export function withTags<R extends object>(resource: R, words: readonly string[]): R {
  if (words.length === 0) return resource
  const own = (resource as { tags?: Record<string, string> }).tags
  return { ...resource, tags: { ...own, ...pairsOf(words, '--tags') } }
}

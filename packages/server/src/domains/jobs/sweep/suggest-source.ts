import { readFileSync } from 'node:fs'

/** Set by tools/build.ts in a bundle, which has no files beside it. */
declare const HAGANE_SUGGEST_SOURCE: string | undefined

/** The text of packages/python/sweep/suggest.py. */
export const suggestSource = (): string =>
  typeof HAGANE_SUGGEST_SOURCE === 'undefined'
    ? readFileSync(new URL('../../../../../python/sweep/suggest.py', import.meta.url), 'utf8')
    : HAGANE_SUGGEST_SOURCE

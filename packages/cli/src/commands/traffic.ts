import { UsageError } from '../grammar/usage-error.ts'
import { pairsOf } from '../manifest/changes.ts'

/** `"blue=90 green=10"`, `blue=90 green=10` or `blue=90,green=10` as percent by deployment. */
export function sharesOf(words: readonly string[], flag: string): Record<string, number> {
  const separate = words.flatMap(word => word.split(/[\s,]+/)).filter(word => word !== '')
  return Object.fromEntries(
    Object.entries(pairsOf(separate, flag)).map(([name, share]) => {
      if (!/^\d{1,3}%?$/.test(share)) throw new UsageError(`${flag}: ${name} takes a percentage, not '${share}'`)
      return [name, Number.parseInt(share, 10)]
    }),
  )
}

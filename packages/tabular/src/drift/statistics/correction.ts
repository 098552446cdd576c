/** p-values that hold for all tests together, in the order given. */
export function corrected(pValues: readonly number[], method: 'none' | 'benjamini-hochberg' | 'bonferroni'): number[] {
  if (method === 'none') return [...pValues]
  if (method === 'bonferroni') return pValues.map(p => Math.min(1, p * pValues.length))
  return benjaminiHochberg(pValues)
}

/** Step-up adjustment for the false discovery rate (Y. Benjamini and Y. Hochberg 1995), as scipy.stats.false_discovery_control. */
function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => (pValues[b] as number) - (pValues[a] as number))
  const adjusted = new Array<number>(pValues.length)
  let least = 1
  for (const [above, i] of order.entries()) {
    const rank = pValues.length - above
    least = Math.min(least, ((pValues[i] as number) * pValues.length) / rank)
    adjusted[i] = least
  }
  return adjusted
}

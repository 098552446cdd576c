/** Edits (insert, delete, replace, swap of neighbours) from one word to the other: optimal string alignment distance. Gives up above `limit`. */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    ;[before, last] = [last, row]
  }
  return last[b.length] ?? limit + 1
}

/** The allowed word that was most likely meant: at most a third of its letters differ. */
export function nearestWord(sent: string, allowed: Iterable<string>): string | undefined {
  if (sent.length > 100) return undefined
  const limit = Math.max(1, Math.floor(sent.length / 3))
  let best: { word: string; distance: number } | undefined
  for (const word of allowed) {
    const distance = editDistance(sent.toLowerCase(), word.toLowerCase(), limit)
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { word, distance }
  }
  return best?.word
}

/** `; did you mean 'inputs'?`, or nothing. */
export function didYouMean(sent: string, allowed: Iterable<string>): string {
  const word = nearestWord(sent, allowed)
  return word === undefined ? '' : `; did you mean '${word}'?`
}

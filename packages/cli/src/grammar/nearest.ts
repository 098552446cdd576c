/** Edits (insert, delete, replace, swap of neighbours) from one word to the other: optimal string alignment distance. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[to.length] ?? 0
}

/** The words that somebody who wrote `word` may have meant, nearest first; none when all are far away. */
export function nearest(word: string, known: readonly string[]): string[] {
  const limit = Math.max(1, Math.floor(word.length * 0.4))
  return known
    .map(candidate => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ candidate, distance }) => distance <= limit || (word.length > 2 && candidate.startsWith(word)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** `did you mean a or b?`, or the fallback when nothing is near. */
export function didYouMean(word: string, known: readonly string[], fallback: string): string {
  const words = nearest(word, known)
  return words.length === 0 ? fallback : `did you mean ${words.join(' or ')}?`
}

import { editDistance } from '@hagane/contract'

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

/** The value at a percentile (0 to 100) of ascending numbers, interpolated between neighbours (Hyndman and Fan's type 7); null of none. */
export function percentile(ascending: ArrayLike<number>, percent: number): number | null {
  if (ascending.length === 0) return null
  const place = ((ascending.length - 1) * percent) / 100
  const below = Math.floor(place)
  const low = ascending[below] ?? 0
  const high = ascending[Math.min(below + 1, ascending.length - 1)] ?? low
  return low + (high - low) * (place - below)
}

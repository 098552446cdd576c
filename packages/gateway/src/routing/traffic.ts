/**
 * Picks a deployment by its share of traffic; `draw` is uniform in [0, 1). Undefined when no deployment has a share.
 * Shares are percentages that add up to 100, but any positive sum is split in proportion.
 */
export function pickByTraffic(traffic: Readonly<Record<string, number>>, draw: number): string | undefined {
  let total = 0
  for (const name in traffic) total += traffic[name] as number
  let left = draw * total
  let last: string | undefined
  for (const name in traffic) {
    const share = traffic[name] as number
    if (share <= 0) continue
    if (left < share) return name
    left -= share
    last = name
  }
  return last
}

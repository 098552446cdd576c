const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/**
 * Values as a line of small bars from the least to the most; a blank where there is none. Longer series are drawn in
 * `width` parts, each by its largest value, so that no peak is lost.
 */
export function sparkline(values: readonly (number | null)[], width = 40): string {
  const size = Math.max(1, Math.ceil(values.length / width))
  const parts = Array.from({ length: Math.ceil(values.length / size) }, (_, at) =>
    values.slice(at * size, (at + 1) * size).filter(value => value !== null),
  )
  const peaks = parts.map(part => (part.length === 0 ? null : Math.max(...part)))
  const known = peaks.filter(value => value !== null)
  const [least, most] = [Math.min(0, ...known), Math.max(...known)]
  return peaks
    .map(value => {
      if (value === null) return ' '
      const share = most === least ? 0 : (value - least) / (most - least)
      return bars[Math.min(bars.length - 1, Math.floor(share * bars.length))]
    })
    .join('')
}

const rounded = (value: number, digits = 3): string => String(Number(value.toPrecision(digits)))

/** A value as people read it: 12.3 ms, 4.5 %, 128 MB, 210 request/s. The unit is UCUM's. */
export function measureText(value: number | null, unit: string): string {
  if (value === null) return ''
  const [what = '', per] = unit.split('/')
  const suffix = per === undefined ? '' : `/${per}`
  if (what === 's') return value < 1 ? `${rounded(value * 1000)} ms${suffix}` : `${rounded(value)} s${suffix}`
  if (what === 'By') {
    const step = Math.min(4, value < 1 ? 0 : Math.floor(Math.log10(value) / 3))
    return `${rounded(value / 1000 ** step)} ${['B', 'kB', 'MB', 'GB', 'TB'][step]}${suffix}`
  }
  if (what === '1') return `${rounded(value)}${suffix}`
  return `${rounded(value, value >= 1000 ? 15 : 4)} ${what.replace(/[{}]/g, '')}${suffix}`
}

import { hasColours, paint, type Surroundings } from './terminal.ts'

/** Shows how far a piece of work is; `done` takes the bar away. */
export interface Progress {
  advance(amount: number): void
  done(): void
}

const silent: Progress = { advance: () => undefined, done: () => undefined }
const barWidth = 24
const redrawEveryMs = 80

/** A bar on stderr when that is a terminal; otherwise nothing. `total` is in the unit of `advance`, bytes by default. */
export function progressBar(label: string, total: number, surroundings: Surroundings, quiet: boolean): Progress {
  const { stderr, env } = surroundings
  if (quiet || stderr.isTTY !== true || total === 0) return silent
  const colours = hasColours(stderr, env)
  let amount = 0
  let drawnAt = 0
  const draw = (now: number) => {
    drawnAt = now
    const share = Math.min(1, amount / total)
    const full = Math.round(share * barWidth)
    const bar = paint('green', '━'.repeat(full), colours) + paint('dim', '━'.repeat(barWidth - full), colours)
    stderr.write(`\r\u001b[K${label} ${bar} ${Math.floor(share * 100)}% of ${byteText(total)}`)
  }
  return {
    advance: more => {
      amount += more
      const now = Date.now()
      if (now - drawnAt >= redrawEveryMs) draw(now)
    },
    done: () => {
      if (drawnAt !== 0) stderr.write('\r\u001b[K')
    },
  }
}

const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes for people, in powers of 1000: `1.2 MB`. */
export function byteText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

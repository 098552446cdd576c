import { hasColours, paint, type Surroundings } from './terminal.ts'

/** Shows how far a piece of work is; `done` takes the bar away. */
export interface Progress {
  advance(amount: number): void
  done(): void
}

const silent: Progress = { advance: () => undefined, done: () => undefined }
const barWidth = 24
const redrawEveryMs = 80

/** Whether anybody looks at a bar: stderr is a terminal, and quiet was not asked for. */
export const showsProgress = (surroundings: Surroundings, quiet: boolean): boolean =>
  !quiet && surroundings.stderr.isTTY === true

/** A bar on stderr when that is a terminal; otherwise nothing. `total` and what is advanced are bytes. */
export function progressBar(label: string, total: number, surroundings: Surroundings, quiet: boolean): Progress {
  const { stderr, env } = surroundings
  if (!showsProgress(surroundings, quiet) || total === 0) return silent
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

/** `1 file`, `2 files`. */
export const fileCount = (count: number): string => `${count} file${count === 1 ? '' : 's'}`

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

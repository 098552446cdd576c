import type { FeatureDrift, FeatureSummary, PairedHistogram } from '@hagane/contract'
import { htmlText } from './html-page.ts'

const [width, height] = [240, 56]
const MOST_CATEGORIES = 8

/** How a feature was and is distributed, as a picture of a page: grey is then, blue is now. Empty where there is nothing to draw. */
export function distributionPicture({ histogram, reference, current }: FeatureDrift): string {
  const bars = histogram === undefined ? barsOfCategories(reference, current) : barsOfNumbers(histogram)
  const most = Math.max(...bars.flatMap(bar => [bar.before, bar.now]), 0)
  if (most === 0) return ''
  const step = width / bars.length
  const drawn = bars.map((bar, i) => {
    const [before, now] = [bar.before, bar.now].map(share => ((share / most) * (height - 2)).toFixed(1))
    const at = (i * step).toFixed(1)
    const half = (step / 2).toFixed(1)
    const title = `<title>${htmlText(`${bar.name}: ${percent(bar.before)} then, ${percent(bar.now)} now`)}</title>`
    const column = (x: string, tall: string | undefined, colour: string) =>
      `<rect x="${x}" y="${(height - Number(tall)).toFixed(1)}" width="${half}" height="${tall}" fill="${colour}"/>`
    return `<g>${title}${column(at, before, '#aaa')}${column((i * step + step / 2).toFixed(1), now, '#36c')}</g>`
  })
  return `<svg width="${width}" height="${height}" role="img" aria-label="distribution then (grey) and now (blue)">${drawn.join('')}</svg>`
}

interface Bar {
  readonly name: string
  readonly before: number
  readonly now: number
}

const barsOfNumbers = ({ edges, reference, current }: PairedHistogram): Bar[] =>
  reference.map((then, i) => ({
    name: `${rounded(edges[i] ?? 0)} to ${rounded(edges[i + 1] ?? 0)}`,
    before: then,
    now: current[i] ?? 0,
  }))

/** The most frequent categories of both sides. */
function barsOfCategories(reference: FeatureSummary, current: FeatureSummary): Bar[] {
  const [then, now] = [sharesOf(reference), sharesOf(current)]
  const weight = (name: string) => (then.get(name) ?? 0) + (now.get(name) ?? 0)
  return [...new Set([...then.keys(), ...now.keys()])]
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, MOST_CATEGORIES)
    .map(name => ({ name, before: then.get(name) ?? 0, now: now.get(name) ?? 0 }))
}

const sharesOf = ({ top = [], count }: FeatureSummary): Map<string, number> =>
  new Map(top.map(({ value, count: rows }) => [value, rows / Math.max(count, 1)]))

const percent = (share: number): string => `${(share * 100).toPrecision(3)} %`
const rounded = (value: number): string => String(Number(value.toPrecision(4)))

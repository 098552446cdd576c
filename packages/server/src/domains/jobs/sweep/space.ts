import { pythonText, type SearchSpace, type SearchSpaceEntry } from '@hagane/contract'
import { normalQuantile } from './normal-quantile.ts'

/** One place in a search space: for each parameter a number in (0, 1) that its distribution turns into a value. */
export type Point = Record<string, number>
/** The values of one trial as its command gets them. */
export type Sample = Record<string, string>

const rounded = (value: number, q: number): number => Math.round(value / q) * q
const within = ({ min_value, max_value }: { min_value: number; max_value: number }, u: number): number =>
  Math.min(max_value, min_value + u * (max_value - min_value))
const bell = ({ mu, sigma }: { mu: number; sigma: number }, u: number): number => mu + sigma * normalQuantile(u)

/**
 * The value at `u` in (0, 1): the quantile function of Azure ML's parameter expressions, so that independent, Sobol and Bayesian
 * draws are the same thing on other numbers. The logarithmic types give exp(x), bounds are of x; q gives round(x / q) · q.
 * https://learn.microsoft.com/azure/machine-learning/how-to-tune-hyperparameters#define-the-search-space
 */
export function valueAt(entry: SearchSpaceEntry, u: number): string | number | boolean {
  switch (entry.type) {
    case 'choice':
      return entry.values[indexAt(entry, u)] ?? ''
    case 'randint':
      return indexAt(entry, u)
    case 'uniform':
      return within(entry, u)
    case 'quniform':
      return rounded(within(entry, u), entry.q)
    case 'loguniform':
      return Math.exp(within(entry, u))
    case 'qloguniform':
      return rounded(Math.exp(within(entry, u)), entry.q)
    case 'normal':
      return bell(entry, u)
    case 'qnormal':
      return rounded(bell(entry, u), entry.q)
    case 'lognormal':
      return Math.exp(bell(entry, u))
    case 'qlognormal':
      return rounded(Math.exp(bell(entry, u)), entry.q)
  }
}

/** How many values a parameter has, where they can be counted. */
export function sizeOf(entry: SearchSpaceEntry): number | undefined {
  if (entry.type === 'choice') return entry.values.length
  return entry.type === 'randint' ? entry.upper : undefined
}

const indexAt = (entry: SearchSpaceEntry, u: number): number => {
  const size = sizeOf(entry) ?? 1
  return Math.min(size - 1, Math.floor(u * size))
}

/** The middle of the `index`-th of `size` equal parts of (0, 1). */
export const middleOf = (index: number, size: number): number => (index + 0.5) / size

export const sampleAt = (space: SearchSpace, point: Point): Sample =>
  Object.fromEntries(
    Object.entries(space).map(([name, entry]) => [name, pythonText(valueAt(entry, point[name] ?? 0.5))]),
  )

const ends = [1e-9, 0.37, 1 - 1e-9]

/** Values that stand for all: every choice, else both ends and one between, for checks before anything is drawn. */
export const probesOf = (entry: SearchSpaceEntry): string[] =>
  (entry.type === 'choice' ? entry.values : ends.map(u => valueAt(entry, u))).map(value => pythonText(value))

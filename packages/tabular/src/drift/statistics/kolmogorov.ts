import { logChoose } from './gamma.ts'

/** Samples up to which the p-value is counted path by path, as in SciPy. */
const EXACT_UP_TO = 10_000
/** Sample sizes up to which one tail is summed term by term; beyond it the expansions are exact to 1e-9. */
const SUMMED_UP_TO = 100_000

/**
 * Two-sided p-value of the two-sample Kolmogorov-Smirnov test, as scipy.stats.ks_2samp with method='auto': exact while both
 * samples have at most 10,000 values, otherwise from the one-sample distribution for n·m / (n + m) values. `counts` is the statistic
 * times n·m, a whole number.
 */
export function smirnovPValue(n: number, m: number, counts: number): number {
  if (counts <= 0) return 1
  if (Math.max(n, m) <= EXACT_UP_TO) return Math.min(1, pathsOutside(n, m, counts))
  const size = Math.max(1, roundHalfEven((n * m) / (n + m)))
  return kolmogorovTail(size, counts / (n * m))
}

/** numpy.round: a half goes to the even neighbour. */
const roundHalfEven = (x: number): number => {
  const rounded = Math.round(x)
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

/**
 * Share of the lattice paths from (0, 0) to (n, m) that somewhere are at least `counts` away from the diagonal: J. L. Hodges, The
 * significance probability of the Smirnov two-sample test, 1958. What leaves is added up, so that small probabilities keep
 * their digits.
 */
function pathsOutside(n: number, m: number, counts: number): number {
  const inside = new Float64Array(m + 2)
  inside[0] = 1
  let outside = 0
  let from = 0
  for (let x = 0; x <= n; x++) {
    // from the lowest that a step to the right may come from, to the first that a step up may leave by
    const to = Math.min(m, Math.floor((x * m + counts) / n) + 1)
    for (let y = from; y <= to; y++) {
      const here = inside[y] as number
      inside[y] = 0
      if (Math.abs(x * m - y * n) >= counts) {
        outside += here
        continue
      }
      const left = n + m - x - y
      if (left === 0) continue
      inside[y + 1] = (inside[y + 1] as number) + (here * (m - y)) / left
      inside[y] = (here * (n - x)) / left
    }
    from = Math.max(0, Math.ceil((x * m - counts) / n))
  }
  return outside
}

/**
 * P(D > x) of the two-sided one-sample statistic of n values, by the methods and regions of R. Simard and P. L'Ecuyer, Computing
 * the two-sided Kolmogorov-Smirnov distribution, Journal of Statistical Software 39(11), 2011.
 */
export function kolmogorovTail(n: number, x: number): number {
  const t = n * x
  if (x >= 1) return 0
  if (t <= 0.5) return 1
  if (t <= 1) return 1 - Math.exp(logFactorialOverPower(n) + n * Math.log(2 * t - 1))
  if (t >= n - 1) return 2 * (1 - x) ** n
  const square = t * x
  if (square >= 370) return 0
  if (n > SUMMED_UP_TO) return square < 9 ? within(pelzGoodTail(n, x)) : farTail(n, x)
  if (x >= 0.5 || square >= (n <= 140 ? 4 : 2.2)) return within(2 * oneSidedTail(n, x))
  if (n <= 140 || n * x ** 1.5 <= 1.4) return within(1 - durbinMatrix(n, x))
  return within(pelzGoodTail(n, x))
}

const within = (probability: number): number => Math.min(1, Math.max(0, probability))

/** Of one side twice, for large n (Simard and L'Ecuyer 2011, equation 5 and after). */
const farTail = (n: number, x: number): number => 2 * Math.exp(-((6 * n * x + 1) ** 2) / (18 * n))

/** ln(n! / n^n). */
const logFactorialOverPower = (n: number): number => {
  let sum = 0
  for (let i = 1; i <= n; i++) sum += Math.log(i / n)
  return sum
}

/** From so many values on, every 16th term of one tail says the sum of all. */
const THINNED_FROM = 10_000
const STRIDE = 16

/**
 * P(D+ > x): Z. W. Birnbaum and F. H. Tingey, 1951. Every term is positive. As a function of j the terms are smooth over thousands of j and
 * vanish with all derivatives at both ends, so that the trapezoidal rule with a step of 16 is their sum to the last digits.
 */
export function oneSidedTail(n: number, x: number, stride = n >= THINNED_FROM ? STRIDE : 1): number {
  let sum = 0
  const last = Math.floor(n * (1 - x))
  for (let j = 0; j <= last; j += stride) {
    const [low, high] = [x + j / n, 1 - x - j / n]
    if (high <= 0) {
      if (j === n) sum += low ** (j - 1)
      continue
    }
    sum += Math.exp(logChoose(n, j) + (j - 1) * Math.log(low) + (n - j) * Math.log(high))
  }
  return x * sum * stride
}

type Matrix = Float64Array[]

/** P(D <= x): J. Durbin's matrix with the scaling of G. Marsaglia, W. W. Tsang and J. Wang, 2003. */
function durbinMatrix(n: number, x: number): number {
  const k = Math.ceil(n * x)
  const matrix = durbinStep(k, k - n * x)
  let [power, base]: [Matrix | undefined, Matrix] = [undefined, matrix]
  let [exponent, baseExponent] = [0, 0]
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) {
      power = power === undefined ? base : multiplied(power, base)
      exponent += baseExponent
    }
    base = multiplied(base, base)
    baseExponent *= 2
    if (Math.abs(base[k - 1]?.[k - 1] ?? 0) > 2 ** 128) {
      base = base.map(row => row.map(value => value * 2 ** -128))
      baseExponent += 128
    }
  }
  const logarithm = Math.log(power?.[k - 1]?.[k - 1] ?? 0) + exponent * Math.LN2
  return Math.exp(logarithm + logFactorialOverPower(n))
}

function durbinStep(k: number, h: number): Matrix {
  const size = 2 * k - 1
  const inverse = [1]
  for (let i = 1; i <= size; i++) inverse.push((inverse[i - 1] as number) / i)
  const edge = Array.from({ length: size }, (_, i) => (1 - h ** (i + 1)) * (inverse[i + 1] as number))
  edge[size - 1] = (1 - 2 * h ** size + Math.max(2 * h - 1, 0) ** size) * (inverse[size] as number)
  return Array.from({ length: size }, (_, row) =>
    Float64Array.from({ length: size }, (_, column) => {
      if (column === 0) return edge[row] as number
      if (row === size - 1) return edge[size - 1 - column] as number
      return row - column + 1 >= 0 ? (inverse[row - column + 1] as number) : 0
    }),
  )
}

const multiplied = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => {
    const result = new Float64Array(row.length)
    for (const [i, value] of row.entries()) {
      if (value === 0) continue
      const other = b[i] as Float64Array
      for (let j = 0; j < other.length; j++) result[j] = (result[j] as number) + value * (other[j] as number)
    }
    return result
  })

const PI_2 = Math.PI ** 2

/** P(D > x) by W. Pelz and I. J. Good, Approximating the lower tail-areas of the Kolmogorov-Smirnov one-sample statistic, 1976. */
function pelzGoodTail(n: number, x: number): number {
  const z = Math.sqrt(n) * x
  const [z2, z4, z6] = [z ** 2, z ** 4, z ** 6]
  const theta = -PI_2 / (8 * z2)
  if (theta < -708) return 1
  const sums = [0, 0, 0, 0] as [number, number, number, number]
  for (let k = Math.ceil((16 * z) / Math.PI); k > 0; k--) {
    const m2 = (2 * k - 1) ** 2
    const weight = Math.exp(theta * m2)
    const third =
      ((PI_2 ** 3 * (5 - 30 * z2)) / 64) * m2 ** 3 +
      ((PI_2 ** 2 * (-60 * z2 + 212 * z4)) / 16) * m2 ** 2 +
      ((PI_2 * (135 * z4 - 96 * z6)) / 4) * m2 -
      30 * z6 -
      90 * z ** 8
    sums[0] += weight
    sums[1] += weight * ((PI_2 / 4) * m2 - z2)
    sums[2] +=
      weight * (6 * z6 + 2 * z4 + (((2 * z4 - 5 * z2) * PI_2) / 4) * m2 + ((PI_2 ** 2 * (1 - 2 * z2)) / 16) * m2 ** 2)
    sums[3] += weight * third
    const even = Math.exp(4 * theta * k * k) * k * k
    sums[2] -= 2 * z4 * PI_2 * even
    sums[3] += 30 * z4 * PI_2 * (3 * z2 - PI_2 * k * k) * even
  }
  const root = Math.sqrt(2 * Math.PI)
  const scales = [z, 6 * z4 * Math.sqrt(n), 72 * z ** 7 * n, 6480 * z ** 10 * n ** 1.5]
  return 1 - sums.reduce((total, sum, i) => total + (root * sum) / (scales[i] as number), 0)
}

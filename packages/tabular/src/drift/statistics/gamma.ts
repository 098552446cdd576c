const HALF_LOG_TWO_PI = 0.9189385332046728
/** From here Stirling's series is exact to the last digit. */
const STIRLING_FROM = 10

/** Natural logarithm of the gamma function for x > 0: Stirling's series after a shift (Abramowitz and Stegun 6.1.41). */
export function logGamma(x: number): number {
  let [shift, at] = [1, x]
  while (at < STIRLING_FROM) shift *= at++
  const square = 1 / (at * at)
  const series =
    (1 / 12 -
      square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - (square * 691) / 360360))))) /
    at
  return (at - 0.5) * Math.log(at) - at + HALF_LOG_TWO_PI + series - Math.log(shift)
}

export const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)

const EPSILON = 1e-16
const TINY = 1e-300
const MOST_TERMS = 100_000

/** Upper regularised incomplete gamma function Q(a, x): series below x = a + 1, continued fraction above (Numerical Recipes 6.2). */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1
  if (x === Number.POSITIVE_INFINITY) return 0
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a))
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x)
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < MOST_TERMS && term > sum * EPSILON; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum
}

/** Lentz's method for the continued fraction of the upper function. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = 1 / TINY
  let d = 1 / b
  let value = d
  for (let i = 1; i < MOST_TERMS; i++) {
    const factor = -i * (i - a)
    b += 2
    d = 1 / notZero(factor * d + b)
    c = notZero(b + factor / c)
    value *= d * c
    if (Math.abs(d * c - 1) < EPSILON) break
  }
  return value
}

const notZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value)

/** P(X > x) of the chi-squared distribution. Without freedom there is nothing to be surprised at: 1. */
export const chiSquaredTail = (x: number, freedom: number): number =>
  freedom <= 0 ? 1 : upperGamma(freedom / 2, x / 2)

/** P(|Z| > z) of the standard normal distribution, erfc(z / sqrt 2). */
export const normalTwoTails = (z: number): number => upperGamma(0.5, (z * z) / 2)

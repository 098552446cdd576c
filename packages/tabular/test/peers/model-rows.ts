import { generator } from './case-values.ts'

/** Rows as CSV; the same are made in nannyml_golden.py. */
const table = (columns: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `${columns.join(',')}\n${rows.map(row => row.join(',')).join('\n')}\n`

export function scoredRows(seed: number, n: number, calibrated: boolean, tilt: number): string {
  const draw = generator(seed)
  const rows = Array.from({ length: n }, () => {
    const u = draw()
    const score = u + tilt * (u * u - u)
    return [score, Number(score >= 0.5), Number(draw() < (calibrated ? score : score * score))]
  })
  return table(['score', 'prediction', 'target'], rows)
}

export function correlatedRows(seed: number, n: number, turn: number, gaps: boolean): string {
  const draw = generator(seed)
  const rows = Array.from({ length: n }, (_, i) => {
    const a = draw() + draw() - 1
    const b = turn * 2 * a + 0.3 * draw()
    const c = a + 0.2 * draw()
    const d = draw()
    const kind = Math.floor(draw() ** 2 * 5)
    return [a, b, gaps && i % 11 === 0 ? '' : c, d, `k${kind}`, `row-${i}`]
  })
  return table(['a', 'b', 'c', 'd', 'kind', 'id'], rows)
}

export function regressedRows(seed: number, n: number, tilt: number): string {
  const draw = generator(seed)
  const rows = Array.from({ length: n }, () => {
    const [x, u] = [draw(), draw()]
    const z = u + tilt * (u - u * u)
    const prediction = 3 * x
    return [x, z, prediction, prediction + (draw() - 0.5) * (0.2 + 2 * z)]
  })
  return table(['x', 'z', 'prediction', 'target'], rows)
}

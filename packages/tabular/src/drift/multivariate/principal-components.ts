/** Share of the variance that the components keep, as NannyML's default. */
const KEPT = 0.65
const MOST_SWEEPS = 60

/** A linear picture of the reference: rows are put to scale, and rebuilt from the components that carry most of the variance. */
export interface Components {
  readonly means: Float64Array
  readonly scales: Float64Array
  /** One array for each component kept, by column. */
  readonly axes: readonly Float64Array[]
}

/** Principal components of standardised columns without gaps, from the eigenvectors of their covariance (K. Pearson 1901, H. Hotelling 1933). */
export function principalComponents(columns: readonly Float64Array[], rows: number): Components {
  const means = Float64Array.from(columns, values => values.reduce((sum, value) => sum + value, 0) / rows)
  const scales = Float64Array.from(columns, (values, i) => {
    const mean = means[i] as number
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows)
    return spread > 0 ? spread : 1 // a constant column stays where it is, as in scikit-learn
  })
  const { values, vectors } = eigenvectors(covariance(columns, means, scales, rows))
  const order = [...values.keys()].sort((a, b) => (values[b] as number) - (values[a] as number))
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0)
  const axes: Float64Array[] = []
  let kept = 0
  for (const i of order) {
    axes.push(Float64Array.from(vectors, row => row[i] as number))
    kept += Math.max(0, values[i] as number)
    if (kept > KEPT * total) break
  }
  return { means, scales, axes }
}

function covariance(
  columns: readonly Float64Array[],
  means: Float64Array,
  scales: Float64Array,
  rows: number,
): Float64Array[] {
  const scaled = columns.map((values, i) => values.map(value => (value - (means[i] as number)) / (scales[i] as number)))
  const matrix = columns.map(() => new Float64Array(columns.length))
  for (const [i, a] of scaled.entries())
    for (let j = i; j < scaled.length; j++) {
      const b = scaled[j] as Float64Array
      let sum = 0
      for (let row = 0; row < rows; row++) sum += (a[row] as number) * (b[row] as number)
      const value = sum / rows
      ;(matrix[i] as Float64Array)[j] = value
      ;(matrix[j] as Float64Array)[i] = value
    }
  return matrix
}

/** Eigenvalues and eigenvectors (in columns) of a symmetric matrix, which is overwritten: rotations of C. Jacobi, 1846. */
function eigenvectors(matrix: Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const n = matrix.length
  const vectors = matrix.map((_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
  const at = (i: number, j: number) => matrix[i]?.[j] as number
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let off = 0
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) off += at(i, j) ** 2
    if (off < 1e-22) break
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(matrix, vectors, p, q)
  }
  return { values: Float64Array.from(matrix, (row, i) => row[i] as number), vectors }
}

function rotate(matrix: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  const [rowP, rowQ] = [matrix[p] as Float64Array, matrix[q] as Float64Array]
  const entry = rowP[q] as number
  if (entry === 0) return
  const theta = ((rowQ[q] as number) - (rowP[p] as number)) / (2 * entry)
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  const turn = (row: Float64Array) => {
    const [a, b] = [row[p] as number, row[q] as number]
    row[p] = c * a - s * b
    row[q] = s * a + c * b
  }
  for (const row of matrix) turn(row)
  for (let k = 0; k < matrix.length; k++) {
    const [a, b] = [rowP[k] as number, rowQ[k] as number]
    rowP[k] = c * a - s * b
    rowQ[k] = s * a + c * b
  }
  for (const row of vectors) turn(row)
}

/** Euclidean distance of each row from what the components make of it. */
export function reconstructionErrors(columns: readonly Float64Array[], rows: number, of: Components): Float64Array {
  const errors = new Float64Array(rows)
  const row = new Float64Array(columns.length)
  for (let i = 0; i < rows; i++) {
    for (const [j, values] of columns.entries())
      row[j] = ((values[i] as number) - (of.means[j] as number)) / (of.scales[j] as number)
    const weights = of.axes.map(axis => axis.reduce((sum, weight, j) => sum + weight * (row[j] as number), 0))
    let squares = 0
    for (let j = 0; j < row.length; j++) {
      const rebuilt = of.axes.reduce((sum, axis, k) => sum + (axis[j] as number) * (weights[k] as number), 0)
      squares += ((row[j] as number) - rebuilt) ** 2
    }
    errors[i] = Math.sqrt(squares)
  }
  return errors
}

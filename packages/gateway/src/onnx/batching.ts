import { arrayOf, rowsOf, type Tensor, type TensorSpec } from '../inference/tensor.ts'
import { type OnnxSession, rowSize } from './session.ts'

const probeRows = 4
const tolerance = 1e-3

/**
 * Whether several requests may share one run: the first dimension of every input is free, and rows that are computed
 * together come out as they do one by one. It is tried with made-up rows, which also warms the model up.
 */
export async function answersRowByRow(session: OnnxSession): Promise<boolean> {
  if (!session.inputs.every(({ shape }) => shape.length > 0 && shape[0] === -1)) return false
  const rows = session.inputs.map(madeUpRows)
  try {
    const together = await session.run(rows)
    if (!together.every(({ shape }) => shape[0] === probeRows)) return false
    for (let row = 0; row < probeRows; row += 1) {
      const alone = await session.run(rows.map(tensor => rowsOf(tensor, row, row + 1)))
      if (!alone.every((output, at) => isSame(output, rowsOf(together[at] as Tensor, row, row + 1)))) return false
    }
    return true
  } catch {
    return false
  }
}

function madeUpRows(spec: TensorSpec): Tensor {
  const size = rowSize(spec)
  const shape = [probeRows, ...spec.shape.slice(1).map(length => Math.max(1, length))]
  const data = arrayOf(spec.datatype, probeRows * size)
  for (let at = 0; at < data.length; at += 1) {
    const bit = (at * 7 + 3) % 5 > 2 ? 1 : 0
    if (Array.isArray(data)) data[at] = String(bit)
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[at] = BigInt(bit)
    else data[at] = /^FP/.test(spec.datatype) ? ((at * 13) % 29) / 7 - 2 : bit
  }
  return { name: spec.name, datatype: spec.datatype, shape, data }
}

function isSame(a: Tensor, b: Tensor): boolean {
  if (a.data.length !== b.data.length) return false
  for (let at = 0; at < a.data.length; at += 1) {
    const [x, y] = [a.data[at], b.data[at]]
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue
    if (typeof x !== 'number' || typeof y !== 'number') return false
    if (!(Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x)))) return false
  }
  return true
}

const mostRows = 4096
const weight = 0.2

/**
 * How many rows one run may have, so that it takes about `budgetMs` at most. Learnt from the runs: no request waits for
 * others to come, those that came while the last run went on share the next, and what is over the limit goes into a
 * further one.
 */
export class BatchLimit {
  readonly #budgetMs: number
  #msPerRow = 0

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs
  }

  get rows(): number {
    if (this.#msPerRow === 0) return mostRows
    return Math.max(1, Math.min(mostRows, Math.floor(this.#budgetMs / this.#msPerRow)))
  }

  /** A run of so many rows took so long. */
  ran(rows: number, ms: number): void {
    const perRow = ms / Math.max(1, rows)
    this.#msPerRow = this.#msPerRow === 0 ? perRow : this.#msPerRow * (1 - weight) + perRow * weight
  }
}

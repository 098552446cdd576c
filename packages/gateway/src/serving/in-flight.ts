import type { Pending } from './pending.ts'

/**
 * The requests a worker has, by small numbers that are used again. Not a Map: one that is filled and emptied all the time
 * leaves a chain of outgrown tables behind, which keeps answered requests alive and makes the collector pause for 20 ms.
 */
export class InFlight {
  readonly #slots: (Pending | undefined)[] = []
  readonly #free: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(pending: Pending): number {
    const id = this.#free.pop() ?? this.#slots.length
    this.#slots[id] = pending
    this.#size += 1
    return id
  }

  take(id: number): Pending | undefined {
    const pending = this.#slots[id]
    if (pending === undefined) return undefined
    this.#slots[id] = undefined
    this.#free.push(id)
    this.#size -= 1
    return pending
  }

  oldest(): Pending | undefined {
    return this.#slots.reduce(
      (first, one) => (first === undefined || (one !== undefined && one.arrivedAt < first.arrivedAt) ? one : first),
      undefined,
    )
  }

  /** Takes out everything, in the order of arrival. */
  clear(): Pending[] {
    const all = this.#slots.filter(one => one !== undefined).sort((a, b) => a.arrivedAt - b.arrivedAt)
    this.#slots.length = 0
    this.#free.length = 0
    this.#size = 0
    return all
  }
}

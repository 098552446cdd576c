import { isMap, own, type Pointer } from './tree.ts'

/** Where a value was written. Values of `--set` have that text as their file and no line. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

interface Mark {
  readonly place: Place
  /** The source text of a number, e.g. `1e-3`. */
  readonly number?: string
}

/**
 * Remembers where each key of a tree was written. It is kept beside the tree, by the identity of its maps and lists, so
 * that parts can be moved into other trees and still know their file.
 */
export class Origins {
  readonly #starts = new WeakMap<object, Place>()
  readonly #marks = new WeakMap<object, Map<string, Mark>>()

  begin(container: object, place: Place): void {
    this.#starts.set(container, place)
  }

  mark(container: object, key: string | number, mark: Mark): void {
    const marks = this.#marks.get(container) ?? new Map<string, Mark>()
    this.#marks.set(container, marks.set(String(key), mark))
  }

  /** A map that takes the place of the value at a key starts where that value was written. */
  adopt(container: object, key: string, value: object): void {
    const place = this.place(container, key)
    if (place !== undefined) this.begin(value, place)
  }

  /** A key that was merged from another map keeps its place. */
  copyMark(from: object, to: object, key: string): void {
    const mark = this.#marks.get(from)?.get(key)
    if (mark !== undefined) this.mark(to, key, mark)
  }

  /** The place of a key, or of the container when the key was not written. */
  place(container: object, key: string | number): Place | undefined {
    return this.#marks.get(container)?.get(String(key))?.place ?? this.#starts.get(container)
  }

  /** The source text of the number at a key. */
  numberText(container: object, key: string | number): string | undefined {
    return this.#marks.get(container)?.get(String(key))?.number
  }

  /** The place of the deepest part of the pointer that was written. */
  placeAt(root: unknown, pointer: Pointer): Place | undefined {
    let place = typeof root === 'object' && root !== null ? this.#starts.get(root) : undefined
    let value = root
    for (const key of pointer) {
      if (typeof value !== 'object' || value === null) break
      place = this.#marks.get(value)?.get(String(key))?.place ?? this.#starts.get(value) ?? place
      value = Array.isArray(value) ? value[Number(key)] : isMap(value) ? own(value, String(key)) : undefined
    }
    return place
  }
}

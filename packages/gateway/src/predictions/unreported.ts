import { join } from 'node:path'
import { type SealedSegment, sealedSegment } from '@hagane/contract'
import { readJson, writeAtomic } from '../files/atomic.ts'

const same = (a: SealedSegment, b: SealedSegment): boolean => a.revision_id === b.revision_id && a.segment === b.segment

/** Sealed segments that the control plane has not acknowledged yet, kept in a file so that a restart forgets none. */
export class Unreported {
  readonly #path: string
  #items: SealedSegment[]

  constructor(folder: string) {
    this.#path = join(folder, 'unreported.json')
    this.#items = sealedSegment.array().parse(readJson(this.#path) ?? [])
  }

  get items(): readonly SealedSegment[] {
    return this.#items
  }

  add(sealed: SealedSegment): void {
    this.#save([...this.#items.filter(item => !same(item, sealed)), sealed])
  }

  acknowledge(reported: readonly SealedSegment[]): void {
    if (reported.length > 0) this.#save(this.#items.filter(item => !reported.some(done => same(done, item))))
  }

  #save(items: SealedSegment[]): void {
    writeAtomic(this.#path, `${JSON.stringify(items)}\n`)
    this.#items = items
  }
}

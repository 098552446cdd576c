import { join } from 'node:path'
import { type GatewayTable, type GatewayTableFile, gatewayTableFile } from '@hagane/contract'
import { readJson, writeAtomic } from '../files/atomic.ts'

/** `<dir>/table.json`: what a gateway serves when it starts while the control plane is away. */
export class TableFile {
  readonly #path: string
  #written = ''

  constructor(folder: string) {
    this.#path = join(folder, 'table.json')
  }

  load(): GatewayTableFile | undefined {
    const stored = readJson(this.#path)
    return stored === undefined ? undefined : gatewayTableFile.parse(stored)
  }

  store(table: GatewayTable, serving: GatewayTableFile['serving']): void {
    const content = JSON.stringify({ table, serving })
    if (content === this.#written) return
    writeAtomic(this.#path, content)
    this.#written = content
  }
}

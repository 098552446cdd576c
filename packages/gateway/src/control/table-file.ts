import { join } from 'node:path'
import { type GatewayTable, gatewayDeployment, gatewayTable } from '@hagane/contract'
import { z } from 'zod'
import { readJson, writeAtomic } from '../files/atomic.ts'

const fileSchema = z.object({
  table: gatewayTable,
  serving: z.record(z.string(), z.array(gatewayDeployment)).default({}),
})

/** The table in force, and the revisions that took requests when it was written. */
export type StoredTable = z.output<typeof fileSchema>

/** `<dir>/table.json`: what a gateway serves when it starts while the control plane is away. */
export class TableFile {
  readonly #path: string
  #written = ''

  constructor(folder: string) {
    this.#path = join(folder, 'table.json')
  }

  load(): StoredTable | undefined {
    const stored = readJson(this.#path)
    return stored === undefined ? undefined : fileSchema.parse(stored)
  }

  store(table: GatewayTable, serving: StoredTable['serving']): void {
    const content = JSON.stringify({ table, serving })
    if (content === this.#written) return
    writeAtomic(this.#path, content)
    this.#written = content
  }
}

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The program of the gateway: its source while this server runs from source, its bundle beside this one's otherwise or
 * where HAGANE_BUNDLES says that bundles are as new as their sources, as `npm test` does. Looked for upwards, since a
 * bundle lies elsewhere than the file it came from.
 */
export function gatewayEntry(here: string = import.meta.filename): string {
  const fromSource = here.endsWith('.ts') && process.env.HAGANE_BUNDLES === undefined
  const program = fromSource ? 'gateway/src/main.ts' : 'gateway/dist/gateway.mjs'
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, program)
    if (existsSync(candidate)) return candidate
  }
  throw new Error(`no ${program} beside ${here}`)
}

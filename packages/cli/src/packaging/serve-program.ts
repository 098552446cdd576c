import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HaganeError } from '@hagane/contract'

/** The one-file program that serves a package: a bundle beside this one's, looked for upwards. */
export function serveProgram(here: string = import.meta.filename): string {
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'serve/dist/serve.mjs')
    if (existsSync(candidate)) return candidate
  }
  throw new HaganeError('unsupported', 'the program that serves packages is not built', {
    hint: 'run npm ci in the checkout of Hagane: it builds it',
  })
}

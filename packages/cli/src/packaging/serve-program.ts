import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HaganeError } from '@hagane/contract'

/** A bundle beside this one's, as `<package>/dist/<name>.mjs`, looked for upwards. Throws `unsupported` while it is not built. */
export function programBeside(bundle: string, here: string = import.meta.filename): string {
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, bundle)
    if (existsSync(candidate)) return candidate
  }
  throw new HaganeError('unsupported', `a program that packages are served with is not built: ${bundle}`, {
    hint: 'run npm ci in the checkout of Hagane: it builds it',
  })
}

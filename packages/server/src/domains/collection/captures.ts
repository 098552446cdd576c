import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hourOfCapture } from './places.ts'

/** A file of captures in a gateway's folder; layout in the contract's captures.ts. */
export interface CaptureFile {
  /** `<revision>/<hour>.<ulid>`, or `feedback-<workspace>/…`: what it is known by for good. */
  readonly name: string
  readonly path: string
  readonly hour: string
  /** It will not change again. */
  readonly finished: boolean
}

const capturePattern = /^(\d{4}-\d\d-\d\dT\d\d\.[0-9A-Z]{26})\.(open|capture)$/

/** The capture files below these folders (revision ids, `feedback-<workspace>`), or below all. */
export async function captureFiles(gatewayDir: string, folders?: readonly string[]): Promise<CaptureFile[]> {
  const root = join(gatewayDir, 'captures')
  const found: CaptureFile[] = []
  for (const folder of folders ?? (await namesIn(root))) {
    for (const file of await namesIn(join(root, folder))) {
      const [, stem, ending] = capturePattern.exec(file) ?? []
      if (stem === undefined) continue
      const path = join(root, folder, file)
      found.push({ name: `${folder}/${stem}`, path, hour: hourOfCapture(file), finished: ending === 'capture' })
    }
  }
  return found
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

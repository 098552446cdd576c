import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HaganeError, type ModelPackage, modelPackage, modelPackageFile, parseOrThrow } from '@hagane/contract'

/**
 * The manifest of a package and its lock. Throws `invalid` when a file is missing or is not the one that was packaged:
 * a package serves what it says, or nothing.
 */
export async function readPackage(folder: string): Promise<{ manifest: ModelPackage; lock: string | undefined }> {
  const text = await readFile(join(folder, modelPackageFile), 'utf8')
  const manifest = parseOrThrow(modelPackage, parsed(text), modelPackageFile)
  for (const [path, digest] of Object.entries(manifest.files)) {
    const found = await digestOf(join(folder, path))
    if (found === digest) continue
    throw new HaganeError('invalid', `${path} of the package is ${found === undefined ? 'missing' : 'another file'}`, {
      hint: 'copy the whole package again, or make it anew with hagane model package',
      details: [{ property: `files.${path}`, message: 'SHA-256 differs', sent: found ?? 'no file', allowed: digest }],
    })
  }
  const { environment } = manifest
  const lock = environment === undefined ? undefined : await readFile(join(folder, environment.lock), 'utf8')
  return { manifest, lock }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new HaganeError('invalid', `${modelPackageFile} is not JSON: ${(error as Error).message}`)
  }
}

/** SHA-256 of a file, in hexadecimal; undefined when there is none. */
async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

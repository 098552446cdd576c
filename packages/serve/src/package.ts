import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { HaganeError, type ModelPackage, modelPackage, modelPackageFile, parseOrThrow } from '@hagane/contract'
import { lockDigestOf } from '@hagane/environments'
import { digestOfFile, readText } from './files.ts'

const hint = 'copy the whole package again, or make it anew with hagane model package'

/**
 * The manifest of a package and its lock. Throws `invalid` when a file is missing, is not the one that was packaged, or was
 * added to the model or its code: a package serves what it says, or nothing.
 */
export async function readPackage(folder: string): Promise<{ manifest: ModelPackage; lock: string | undefined }> {
  const text = (await readText(join(folder, modelPackageFile))) ?? ''
  const manifest = parseOrThrow(modelPackage, parsed(text), modelPackageFile)
  for (const [path, digest] of Object.entries(manifest.files)) {
    const found = await digestOfFile(join(folder, path))
    if (found !== digest) throw differs(path, digest, found)
  }
  await checkNothingAdded(folder, manifest)
  return { manifest, lock: await lockOf(folder, manifest) }
}

async function lockOf(folder: string, { environment }: ModelPackage): Promise<string | undefined> {
  if (environment === undefined) return undefined
  const text = await readText(join(folder, environment.lock))
  const found = text === undefined ? undefined : lockDigestOf(text)
  if (found !== environment.lock_digest) throw differs(environment.lock, environment.lock_digest, found)
  return text
}

const differs = (path: string, allowed: string, found: string | undefined): HaganeError =>
  new HaganeError('invalid', `${path} of the package is ${found === undefined ? 'missing' : 'another file'}`, {
    hint,
    details: [{ property: `files.${path}`, message: 'SHA-256 differs', sent: found ?? 'no file', allowed }],
  })

/** A module more in the code's folder may stand in for another one. What Python caches of its own is no part of it. */
async function checkNothingAdded(folder: string, { model, code, files }: ModelPackage): Promise<void> {
  const roots = new Set([model.path, ...(code === undefined ? [] : [code.path])].map(path => path.split('/')[0] ?? ''))
  for (const root of roots)
    for (const entry of await readdir(join(folder, root), { recursive: true, withFileTypes: true })) {
      const path = relative(folder, join(entry.parentPath, entry.name))
      if (entry.isDirectory() || Object.hasOwn(files, path) || path.split('/').includes('__pycache__')) continue
      throw new HaganeError('invalid', `${path} was added to the package`, {
        hint: `take it away; or ${hint}`,
        details: [{ property: 'files', message: 'holds no such file', sent: path }],
      })
    }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new HaganeError('invalid', `${modelPackageFile} is not JSON: ${(error as Error).message}`, { hint })
  }
}

import { HaganeError } from '@hagane/contract'
import { memoryFiles } from './files.ts'
import type { ManifestKind } from './kinds.ts'
import { type LoadRequest, loadManifest, type Manifest } from './load-manifest.ts'

type More = Partial<Omit<LoadRequest<ManifestKind>, 'files' | 'kind'>>

/** Loads `/p/main.yml` of files in memory whose paths are relative to `/p`. */
export function loadFrom<K extends ManifestKind>(
  kind: K,
  texts: Readonly<Record<string, string>>,
  more: More = {},
): Promise<Manifest<K>> {
  const absolute = Object.fromEntries(Object.entries(texts).map(([path, text]) => [`/p/${path}`, text]))
  return loadManifest({ file: '/p/main.yml', kind, files: memoryFiles(absolute), ...more })
}

/** The refusal of a manifest; fails when it is accepted or when something else is thrown. */
export async function refusalOf(loading: Promise<unknown>): Promise<HaganeError> {
  try {
    await loading
  } catch (error) {
    if (error instanceof HaganeError) return error
    throw error
  }
  throw new Error('the manifest was accepted')
}

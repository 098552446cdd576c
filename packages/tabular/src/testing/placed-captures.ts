import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CollectedSources } from '../collected/sources.ts'
import { runHere } from '../run-here.ts'

/** Writes captures of one deployment, and turns them into Parquet if asked. */
export async function place(
  root: string,
  name: string,
  frames: Buffer[],
  converted: boolean,
): Promise<Partial<CollectedSources>> {
  const capture = join(root, `${name}.capture`)
  writeFileSync(capture, Buffer.concat([...frames, Buffer.from('torn')]))
  if (!converted) return { captures: [capture] }
  const folder = join(root, name)
  mkdirSync(folder)
  const { tables } = await runHere({ kind: 'convert', capture, folder, redactionKey: 'k' })
  return {
    parquet: tables
      .filter(({ endpoint }) => endpoint === 'e')
      .map(({ table, file }) => ({ table, path: join(folder, file) })),
  }
}

/** What several of them hold together. */
export function sources(root: string, ...parts: Partial<CollectedSources>[]): CollectedSources {
  return {
    ...{ workspace: 'default', endpoint: 'e', root, redactionKey: 'k' },
    parquet: parts.flatMap(({ parquet = [] }) => parquet),
    captures: parts.flatMap(({ captures = [] }) => captures),
  }
}

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TableSource } from '../table-source.ts'

/** A new folder with these files. */
export function laidOut(files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hagane-tables-test-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** One CSV file as a source. */
export function csv(text: string, name = 'a.csv'): TableSource {
  const root = laidOut({ [name]: text })
  return { name, path: join(root, name), root }
}

import { readTableDocument } from './document.ts'
import { findTableFiles } from './files.ts'

/** Absolute names of the files that the MLTable in a folder names, none of them outside of `root`. Throws invalid. */
export async function filesOfTable(folder: string, root: string): Promise<string[]> {
  const { paths } = await readTableDocument(folder)
  return await findTableFiles(paths, folder, root)
}

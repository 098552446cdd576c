import { existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const EXAMPLES = 'https://azuremlexamples.blob.core.windows.net/'
const DEMO = 'https://dprepdata.blob.core.windows.net/'

/** In no checkout; scikit-learn carries the data set, and the bootstrap writes it here. */
export const DIABETES = `${EXAMPLES}datasets/diabetes.csv`

/** Public files that examples read, and where the checkout holds the same content. */
const copies: readonly [below: string, file: string, source: string][] = [
  [EXAMPLES, 'datasets/iris.csv', 'jobs/pipelines/add-column-and-word-count-using-spark/data/iris.csv'],
  [EXAMPLES, 'datasets/titanic.csv', 'assets/data/sample-data/titanic.csv'],
  [DEMO, 'demo/Titanic.csv', 'assets/data/sample-data/titanic.csv'],
]

/** A folder that stands for public addresses on a machine without internet. */
export interface Mirror {
  readonly folder: string
  readonly flags: readonly string[]
  /** Whether an address of a manifest is answered by the mirror. */
  holds(address: string): boolean
}

/** Fills the mirror from the checkout; `diabetes.csv` comes later, from scikit-learn. */
export async function buildMirror(cli: string, folder: string): Promise<Mirror> {
  for (const [below, file, source] of copies) {
    const from = join(cli, source)
    if (!existsSync(from)) continue
    const to = join(folder, new URL(below).hostname, file)
    await mkdir(dirname(to), { recursive: true })
    await copyFile(from, to)
  }
  const prefixes = [EXAMPLES, DEMO]
  return {
    folder,
    flags: prefixes.flatMap(prefix => ['--url-mirror', `${prefix}=${join(folder, new URL(prefix).hostname)}`]),
    holds(address) {
      const url = new URL(address.replace(/^wasbs:\/\/([^@/]+)@([^/]+)/, 'https://$2/$1'))
      return url.href === DIABETES || existsSync(join(folder, url.hostname, url.pathname))
    },
  }
}

/** Where the data set that scikit-learn carries belongs in the mirror. */
export const diabetesFile = (mirror: Mirror): string =>
  join(mirror.folder, new URL(DIABETES).hostname, new URL(DIABETES).pathname)

import { compareVersions, versionParts } from '../definition/python-version.ts'
import type { LockEntry } from './lock-text.ts'

/** What is asked for in addition when a package is older than numpy 2. */
export const NUMPY_ONE = 'numpy<2'

/**
 * First version of each whose wheels run with numpy 2; older wheels allow it in their metadata and end at import with
 * "numpy.dtype size changed". Source: the release notes of each, and numpy's list of ecosystem support for 2.0.
 */
const FIRST_FOR_TWO: Readonly<Record<string, readonly number[]>> = {
  h5py: [3, 11],
  matplotlib: [3, 9],
  numexpr: [2, 10],
  pandas: [2, 2, 2],
  pyarrow: [16],
  'scikit-learn': [1, 4, 2],
  scipy: [1, 13],
  shap: [0, 46],
  statsmodels: [0, 14, 2],
  torch: [2, 3],
}

/** The first package that was built for numpy 1 although numpy 2 or newer was resolved, e.g. `pandas 1.5.0`. */
export function builtForNumpyOne(entries: readonly LockEntry[]): string | undefined {
  const numpy = entries.find(({ name }) => name === 'numpy')
  if (numpy === undefined || (versionParts(numpy.version)[0] ?? 0) < 2) return undefined
  const old = entries.find(({ name, version }) => {
    const first = Object.hasOwn(FIRST_FOR_TWO, name) ? FIRST_FOR_TWO[name] : undefined
    return first !== undefined && compareVersions(versionParts(version), first) < 0
  })
  return old === undefined ? undefined : `${old.name} ${old.version}`
}

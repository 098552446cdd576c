import type { LockChanges } from '@hagane/contract'
import { type Lock, parseLock } from '@hagane/environments'
import { readContainerLock } from './container/container-lock.ts'

/** What is not the same in two locks: the image, the interpreter, the platform and every package that came, went or has another version. */
export function changesOfLocks(before: string, after: string): LockChanges {
  const [a, b] = [parseLock(before), parseLock(after)]
  const [was, is] = [versionsOf(a), versionsOf(b)]
  const names = [...new Set([...was.keys(), ...is.keys()])].sort()
  const [image, newImage] = [imageOf(before), imageOf(after)]
  return {
    ...(image === newImage ? {} : { image: { ...side('before', image), ...side('after', newImage) } }),
    ...(a.python === b.python ? {} : { python: { before: a.python, after: b.python } }),
    ...(a.platform === b.platform ? {} : { platform: { before: a.platform, after: b.platform } }),
    packages: names
      .filter(name => was.get(name)?.version !== is.get(name)?.version)
      .map(name => ({ name, ...side('before', was.get(name)?.version), ...side('after', is.get(name)?.version) })),
    rebuilt: names.filter(name => {
      const [x, y] = [was.get(name), is.get(name)]
      return x !== undefined && x.version === y?.version && x.files !== y.files
    }),
  }
}

/** Name and digest: the name may mean another image than it did. */
function imageOf(lock: string): string | undefined {
  const image = readContainerLock(lock)?.image
  return image && `${image.reference} (${image.id.slice(0, 12)})`
}

const versionsOf = (lock: Lock): Map<string, { version: string; files: string }> =>
  new Map(lock.entries.map(entry => [entry.name, { version: entry.version, files: [...entry.hashes].sort().join() }]))

const side = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: string })

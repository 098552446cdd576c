import { UsageError } from '../grammar/usage-error.ts'

type Tree = Record<string, unknown>

/** What `--set`, `--remove` and `--force-string` of an update ask for. */
export interface Changes {
  readonly set: readonly string[]
  readonly remove: readonly string[]
  readonly forceString: boolean
}

/**
 * Applies `--set a.b=value` and `--remove a.b` to a copy of `resource` and answers the top-level properties that were
 * touched. Only those in `allowed` may be. Values are JSON where they can be read so, else text; they are typed `never`,
 * to fit any body, because it is the server's schema that checks them.
 */
export function changedFields<K extends string>(
  resource: Tree,
  changes: Changes,
  allowed: readonly K[],
): Partial<Record<K, never>> {
  if (changes.set.length === 0 && changes.remove.length === 0) {
    throw new UsageError('nothing to update', `change ${allowed.join(', ')} with --set property=value`)
  }
  const copy = structuredClone(resource)
  const touched = new Set<string>()
  const pathOf = (text: string) => {
    const path = splitPath(text)
    if (!(allowed as readonly string[]).includes(path[0] ?? '')) {
      throw new UsageError(`'${path[0]}' cannot be changed`, `what can: ${allowed.join(', ')}`)
    }
    touched.add(path[0] ?? '')
    return path
  }
  for (const assignment of changes.set) {
    const [left, right] = splitAssignment(assignment, '--set')
    put(copy, pathOf(left), changes.forceString ? right : typedValue(right), assignment)
  }
  for (const target of changes.remove) remove(copy, pathOf(target), target)
  return Object.fromEntries([...touched].map(key => [key, copy[key]])) as Partial<Record<K, never>>
}

/** `key=value` cut at the first `=`. */
export function splitAssignment(text: string, flag: string): [key: string, value: string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new UsageError(`${flag} takes property=value, not '${text}'`)
}

/** `--tags a=1 b=2`, also as one word with blanks. */
export function pairsOf(words: readonly string[], flag: string): Record<string, string> {
  return Object.fromEntries(
    words
      .flatMap(word => word.split(/\s+(?=[^\s=]+=)/))
      .filter(word => word !== '')
      .map(word => splitAssignment(word, flag)),
  )
}

function splitPath(text: string): string[] {
  const path = text.split('.')
  if (path.some(part => part === '' || part === '__proto__')) throw new UsageError(`'${text}' is not a property path`)
  return path
}

function typedValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

function put(tree: Tree, path: readonly string[], value: unknown, assignment: string): void {
  const owner = ownerOf(tree, path, assignment)
  owner[path.at(-1) ?? ''] = value
}

/** Removing a top-level property empties it: an update that leaves a property out would not change it. */
function remove(tree: Tree, path: readonly string[], target: string): void {
  const owner = ownerOf(tree, path, target)
  const key = path.at(-1) ?? ''
  if (path.length > 1) delete owner[key]
  else owner[key] = typeof owner[key] === 'string' ? '' : {}
}

function ownerOf(tree: Tree, path: readonly string[], text: string): Tree {
  let owner = tree
  for (const part of path.slice(0, -1)) {
    if (!Object.hasOwn(owner, part) || owner[part] === undefined) owner[part] = {}
    const next = owner[part]
    if (typeof next !== 'object' || next === null) throw new UsageError(`${text}: ${part} holds no properties`)
    owner = next as Tree
  }
  return owner
}

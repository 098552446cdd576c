import { invalidParameter } from '../wire/mlflow-error.ts'
import { checkLength, limits } from '../wire/names.ts'
import { checkedArtifactPath, fullyDecoded } from './paths.ts'

const SCHEME = 'mlflow-artifacts:'

/** Names a folder of the artifact space that another domain serves, e.g. versions of registered models. */
export const reservedRoots = ['models'] as const

const special = { '%': '%25', '#': '%23', '?': '%3F' } as const

/**
 * The URI of a path in the server's artifact space. Only what would end the path of a URI is escaped: clients cut these URIs
 * apart as plain text, so a space or an umlaut stays as it is.
 */
export const artifactUri = (path: string): string =>
  `${SCHEME}/${path.replace(/[%#?]/g, character => special[character as keyof typeof special])}`

/** Undoes the escapes of `artifactUri`, and only those. */
export const unescaped = (path: string): string => path.replace(/%(25|23|3F)/gi, found => decodeURIComponent(found))

/**
 * The path in the server's artifact space that an `mlflow-artifacts:` URI means, with or without an authority; undefined for
 * any other scheme. Throws on a path that is not safe.
 */
export function pathOfUri(uri: string): string | undefined {
  if (!uri.startsWith(SCHEME)) return undefined
  const path = uri
    .slice(SCHEME.length)
    .replace(/^\/\/[^/]*/, '')
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
  return checkedArtifactPath(unescaped(path), true)
}

/** Appends folders to a location; a query stays behind the path. */
export function appendToLocation(location: string, ...parts: string[]): string {
  const [, base = '', rest = ''] = /^([^?#]*)(.*)$/s.exec(location) ?? []
  return `${base.replace(/\/+$/, '')}/${parts.join('/')}${rest}`
}

/**
 * Checks the place where an experiment's artifacts shall go. The server itself never opens it: clients write to foreign stores
 * directly, and everything below `mlflow-artifacts:` is ours. So only forms that mislead a client are refused.
 */
export function checkArtifactLocation(location: string): void {
  checkLength('artifact_location', limits.artifactLocation, location)
  if (/[#;]/.test(location)) throw invalidParameter("'artifact_location' URL can't include fragments or params.")
  if (/^(runs|models):/i.test(location))
    throw invalidParameter(
      `'artifact_location' cannot be a '${location.split(':')[0]}:' URI. Use a storage URI instead.`,
    )
  if (
    fullyDecoded(location)
      .split(/[/\\?&=]/)
      .includes('..')
  )
    throw invalidParameter(`Invalid 'artifact_location': '${location}'. It must not contain '..'.`)
  const [root] = pathOfUri(location)?.split('/') ?? []
  if (root !== undefined && (reservedRoots as readonly string[]).includes(root))
    throw invalidParameter(`Invalid 'artifact_location': '${SCHEME}/${root}' is kept for registered models.`)
}

import { invalidParameter } from '../wire/mlflow-error.ts'

/** PostgreSQL refuses index rows over 2,700 bytes. */
const MAX_BYTES = 2000
const MAX_DECODINGS = 10

/** Undoes percent-encoding until nothing changes any more, so that a hidden `..` shows. */
export function fullyDecoded(text: string): string {
  let current = text
  for (let i = 0; i < MAX_DECODINGS; i++) {
    const next = current.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (next === current) return current
    current = next
  }
  throw invalidParameter('Invalid path')
}

const unsafe = (path: string): boolean =>
  path.startsWith('/') ||
  path.includes('\\') ||
  path.includes('\0') ||
  /^[a-z]:/i.test(path) ||
  path.split('/').some(part => part === '..' || part === '.')

/**
 * A path of an artifact: relative, forward slashes, no `.` or `..` part, no drive letter, no NUL, also not behind any number of
 * percent-encodings. It is used as it was sent (decoded once by the router), so `a%20b.txt` stays a name of its own. The empty path
 * is the root where `allowEmpty`. Throws 400 `Invalid path`, MLflow's answer.
 */
export function checkedArtifactPath(path: string, allowEmpty = false): string {
  const clean = path.replace(/\/+$/, '')
  if (clean === '' || clean === '.') {
    if (allowEmpty) return ''
    throw invalidParameter('Invalid path')
  }
  const parts = clean.split('/')
  if (unsafe(clean) || unsafe(fullyDecoded(clean)) || parts.includes('') || Buffer.byteLength(clean) > MAX_BYTES)
    throw invalidParameter('Invalid path')
  return clean
}

/** Longest diff that is kept, in characters. */
const MAX_LENGTH = 1_000_000

export interface WorkingDiff {
  /** Unified diff against the commit, without the files that are left out. */
  readonly text: string
  /** Files whose changes look like secrets; they are named and not sent. */
  readonly withheld: readonly string[]
  /** The diff was longer than what is kept. */
  readonly cut: boolean
}

/** What looks like a password, key or token in a line, also one that did not change. Better one too many: only the diff is the poorer for it. */
const secrets: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\./,
  /\bAccountKey=[A-Za-z0-9+/=]{20,}/,
  /(pass(word|wd)?|secret|token|api[_-]?key|access[_-]?key|credential)s?["']?\s*[:=]\s*["'][^\s"'${]{6,}["']/i,
  // without quotes, as in settings files: a value with a digit and nothing that code has
  /^[ +-]\s*(export\s+)?[\w.-]*(pass(word|wd)?|secret|token|api[_-]?key|access[_-]?key)s?\s*[:=]\s*(?=\S*\d)[\w+/=~!@%^-]{6,}\s*$/i,
]
const secretFiles = /(^|\/)(\.env(\.[^/]*)?|[^/]*\.(pem|key|p12|pfx)|id_(rsa|ed25519|ecdsa)|credentials)$/i

/** Takes the files that seem to hold secrets out of a `git diff`, and cuts it to a bound at the end of a line. */
export function safeDiff(diff: string): WorkingDiff {
  const files = diff === '' ? [] : diff.split(/^(?=diff --git )/m)
  const withheld: string[] = []
  const kept = files.filter(file => {
    const { before, after } = pathsOf(file)
    if (![before, after].some(path => secretFiles.test(path)) && !holdsSecret(file)) return true
    withheld.push(after)
    return false
  })
  const whole = kept.join('')
  if (whole.length <= MAX_LENGTH) return { text: whole, withheld, cut: false }
  const end = whole.lastIndexOf('\n', MAX_LENGTH)
  return { text: `${whole.slice(0, end === -1 ? MAX_LENGTH : end + 1)}`, withheld, cut: true }
}

/** Of one file of a diff with the prefixes a/ and b/; git quotes names with special characters. */
function pathsOf(file: string): { before: string; after: string } {
  const [, before = '', after = ''] = /^diff --git "?a\/(.*?)"? "?b\/(.*?)"?$/m.exec(file) ?? []
  return { before, after }
}

const holdsSecret = (file: string): boolean =>
  file.split('\n').some(line => /^[ +-]/.test(line) && secrets.some(secret => secret.test(line)))

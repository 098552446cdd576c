/** Says whether a path (relative to the folder of the rules, forward slashes) is left out. */
export interface IgnoreRules {
  excludes(path: string): boolean
  /** No later rule takes anything back, so an excluded folder need not be entered. */
  readonly prunes: boolean
}

interface Rule {
  readonly pattern: RegExp
  readonly excludes: boolean
}

/**
 * Reads the text of an .amlignore or .gitignore (gitignore(5) patterns). As in Azure ML, and unlike git, a rule is matched
 * against whole file paths and the last match decides, so `!keep/a.txt` takes a file back out of an excluded folder.
 */
export function parseIgnoreRules(text: string): IgnoreRules {
  const rules = text.split(/\r?\n/).flatMap(line => ruleOf(line) ?? [])
  return {
    prunes: rules.every(rule => rule.excludes),
    excludes: path => rules.findLast(rule => rule.pattern.test(path))?.excludes ?? false,
  }
}

function ruleOf(line: string): Rule | undefined {
  const trimmed = line.replace(/(?<!\\)((?:\\\\)*)[ \t]+$/, '$1')
  if (trimmed === '' || trimmed.startsWith('#')) return undefined
  const negated = trimmed.startsWith('!')
  const body = negated ? trimmed.slice(1) : trimmed
  const pattern = patternOf(body)
  return pattern === undefined ? undefined : { pattern, excludes: !negated }
}

function patternOf(body: string): RegExp | undefined {
  const folderOnly = body.endsWith('/')
  const path = folderOnly ? body.replace(/\/+$/, '') : body
  if (path === '' || path === '.') return undefined
  const anchored = path.includes('/')
  const parts = path.replace(/^\//, '').split('/')
  const start = anchored ? '^' : '^(?:.*/)?'
  const end = folderOnly ? '/.*$' : '(?:/.*)?$'
  return new RegExp(`${start}${partsToRegex(parts)}${end}`, 's')
}

function partsToRegex(parts: readonly string[]): string {
  let regex = ''
  parts.forEach((part, index) => {
    const last = index === parts.length - 1
    if (part === '**') regex += last ? '.+' : '(?:.*/)?'
    else regex += partToRegex(part) + (last ? '' : '/')
  })
  return regex
}

/** One path part: `*`, `?`, `[a-z]`, `[!a]` and backslash escapes; nothing matches a slash. */
function partToRegex(part: string): string {
  return part.replace(/\\(.)|\*+|\?|\[([!^]?)(\]?[^\]]*)\]|[^*?[\\]+|[[\\]/g, (token, escaped, negated, set) => {
    if (escaped !== undefined) return quote(escaped)
    if (token.startsWith('*')) return '[^/]*'
    if (token === '?') return '[^/]'
    if (set !== undefined && set !== '') return `(?!/)[${negated === '' ? '' : '^'}${quoteSet(set)}]`
    return quote(token)
  })
}

const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
const quoteSet = (set: string) => set.replace(/[\\[\]^]/g, '\\$&')

import { UsageError } from './usage-error.ts'

/**
 * Completes shortened long flags (`--endpoint` for `--endpoint-name`), as `az` does. A short form that fits two flags is
 * a usage error; an unknown flag is left for the parser to refuse.
 */
export function expandAbbreviations(argv: readonly string[], known: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((word, index) => (end !== -1 && index >= end ? word : expand(word, known)))
}

function expand(word: string, known: readonly string[]): string {
  const match = /^--([A-Za-z][A-Za-z0-9-]*)(=[\s\S]*)?$/.exec(word)
  const name = match?.[1]
  if (match === null || name === undefined || known.includes(name)) return word
  const candidates = known.filter(candidate => candidate.startsWith(name))
  if (candidates.length > 1) {
    throw new UsageError(`'--${name}' is ambiguous`, `write ${candidates.map(c => `--${c}`).join(' or ')}`)
  }
  return candidates.length === 1 ? `--${candidates[0]}${match[2] ?? ''}` : word
}

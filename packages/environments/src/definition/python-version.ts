import { HaganeError } from '@hagane/contract'

type Clause = { op: string; version: number[]; wildcard: boolean }

const CLAUSE = /^(===?|~=|!=|<=|>=|<|>|=)?\s*(\d+(?:\.\d+){0,3})((?:\.\*)|\*)?$/

/** Compares version numbers part by part; a missing part counts as 0. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export const versionParts = (text: string): number[] => text.split('.').map(part => Number.parseInt(part, 10) || 0)

/**
 * The Python that a file asks for, in canonical text: `3.10`, `3.7.11`, `>=3.8,<3.11`. `3.10`, `=3.10`, `==3.10.*` are the
 * same. Throws `invalid` on what is not a version.
 */
export function normalisePython(text: string, property: string): string | undefined {
  const parts = text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '' && part !== '*')
  if (parts.length === 0) return undefined
  const clauses = parts.map(part => {
    const clause = parseClause(part)
    if (clause === undefined) {
      const message = `'${text}' is not a Python version`
      throw new HaganeError('invalid', `${property}: ${message}`, {
        hint: 'write python=3.11, python=3.11.7 or python>=3.9,<3.12',
        details: [{ property, message, sent: text }],
      })
    }
    return clause
  })
  return clauses.map(clauseText).sort().join(',')
}

const clauseText = ({ op, version }: Clause): string => `${op === '=' ? '' : op}${version.join('.')}`

function parseClause(part: string): Clause | undefined {
  const match = CLAUSE.exec(part)
  if (match === null) return undefined
  const [, op = '=', version = '', wildcard] = match
  const equal = op === '=' || op === '==' || op === '==='
  return { op: equal ? '=' : op, version: versionParts(version), wildcard: equal || wildcard !== undefined }
}

/** Whether an interpreter's full version is what was asked for. */
export function satisfiesPython(version: string, wanted: string): boolean {
  const have = versionParts(version)
  return wanted.split(',').every(part => {
    const clause = parseClause(part)
    return clause !== undefined && holds(have, clause)
  })
}

function holds(have: readonly number[], { op, version, wildcard }: Clause): boolean {
  const order = compareVersions(have, version)
  const samePrefix = compareVersions(have.slice(0, version.length), version) === 0
  if (op === '=') return samePrefix
  if (op === '~=') return order >= 0 && compareVersions(have.slice(0, version.length - 1), version.slice(0, -1)) === 0
  if (op === '!=') return wildcard ? !samePrefix : order !== 0
  if (op === '>=') return order >= 0
  if (op === '<=') return order <= 0 || samePrefix
  return op === '>' ? order > 0 && !samePrefix : order < 0
}

/** The version that a request is centred on, to measure nearness by: the first that it names. */
export function centreOf(wanted: string): number[] {
  return (
    parseClause(wanted.split(',').find(part => /^[=~>\d]/.test(part)) ?? wanted.split(',')[0] ?? '')?.version ?? [3]
  )
}

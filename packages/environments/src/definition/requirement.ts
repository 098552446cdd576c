import { HaganeError } from '@hagane/contract'

/** One requirement in canonical form: name as PEP 503 writes it, extras sorted, specifiers without blanks (PEP 508, 440). */
export interface Requirement {
  readonly name: string
  readonly extras: readonly string[]
  readonly specifiers: readonly string[]
  readonly marker?: string
  /** SHA-256 digests that the author allows; empty when none were given. */
  readonly hashes: readonly string[]
}

export interface Requirements {
  readonly requirements: readonly Requirement[]
  readonly deviations: readonly string[]
}

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?'
const SPECIFIER = /^(===|==|~=|!=|<=|>=|<|>)[A-Za-z0-9.*+!_-]+$/
const LINE = new RegExp(`^(${NAME})\\s*(?:\\[([A-Za-z0-9._,\\s-]*)\\])?\\s*(?:\\(([^()]*)\\)|([^;@]*))(?:;\\s*(.+))?$`)
/** An environment marker: a variable or text compared with another (PEP 508); the resolver reads the rest. */
const MARKER =
  /^\(*\s*(?:python_version|python_full_version|os_name|sys_platform|platform_\w+|implementation_\w+|extra|'[^']*'|"[^"]*")\s*(?:[<>=!~]=?=?|in\b|not\s+in\b)[\w\s.'"<>=!~(),+*-]+$/

/** Options that say where packages come from. The server has its own index settings, so these are dropped and recorded. */
const INDEX_OPTIONS = /^(--extra-index-url|--index-url|-i|--trusted-host|--find-links|-f)(?=[\s=]|$)/
const HARMLESS_OPTIONS = /^(--prefer-binary|--no-cache-dir)$/
const MAX_LINES = 10_000
const MAX_LINE = 4000

/** PEP 503: runs of `-`, `_`, `.` become one `-`, lower case. */
export const packageName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-')

/** `name[extra]==1.2; marker`, the form that resolvers read. */
export function requirementText(requirement: Requirement): string {
  const extras = requirement.extras.length === 0 ? '' : `[${requirement.extras.join(',')}]`
  const marker = requirement.marker === undefined ? '' : `; ${requirement.marker}`
  return `${requirement.name}${extras}${requirement.specifiers.join(',')}${marker}`
}

/**
 * Reads the text of a requirements.txt: comments, continued lines, CRLF and `--hash` are understood. Throws `invalid` on
 * anything that reaches outside the index: `-e`, `-r`, `-c`, paths, URLs, other options.
 */
export const parseRequirements = (text: string, property: string): Requirements =>
  readLines(requirementLines(text, property), property)

/** The lines of a requirements.txt that say something, continued ones joined. Throws `too_large`. */
export function requirementLines(text: string, property: string): string[] {
  const joined = text
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n')
    .replace(/\\\n/g, ' ')
  const lines = joined.split('\n').map(line => line.replace(/(^|\s)#.*$/, '').trim())
  if (lines.length > MAX_LINES)
    throw new HaganeError('too_large', `${property}: ${lines.length} lines; at most ${MAX_LINES} are read`)
  return lines.filter(line => line !== '')
}

/** Reads a list of requirement lines, as below `pip:` in a conda file. */
export function readLines(lines: readonly string[], property: string): Requirements {
  const requirements: Requirement[] = []
  const deviations: string[] = []
  for (const line of lines) {
    const option = INDEX_OPTIONS.exec(line)?.[1]
    if (option !== undefined)
      deviations.push(`${option} was dropped: packages come from the index that this server is set up with`)
    else if (!HARMLESS_OPTIONS.test(line)) requirements.push(parseRequirement(line, property))
  }
  return { requirements, deviations }
}

/** Parses one requirement line. Throws `invalid` that shows the line and says what is allowed. */
export function parseRequirement(line: string, property: string): Requirement {
  const { text, hashes } = withoutHashes(line.trim(), property)
  if (text.length > MAX_LINE) throw refused(property, line, `longer than ${MAX_LINE} characters`)
  if (text.startsWith('-')) throw refused(property, line, optionAdvice(text))
  if (/^[./~]|[\\]|^[A-Za-z]:[\\/]/.test(text))
    throw refused(property, line, 'a path on some machine; name a package of the index')
  if (/:\/\//.test(text) || /@\s*file:/.test(text))
    throw refused(
      property,
      withoutCredentials(line),
      'a URL; its content can change, so it cannot be locked. Put the package on the index that this server uses',
    )
  const match = LINE.exec(text)
  if (match === null) throw refused(property, line, undefined)
  const [, name = '', extras = '', inBrackets, bare = '', marker] = match
  const specifiers = (inBrackets ?? bare)
    .split(',')
    .map(part => part.replace(/\s+/g, ''))
    .filter(part => part !== '')
  if (!specifiers.every(part => SPECIFIER.test(part)) || (marker !== undefined && !MARKER.test(marker)))
    throw refused(property, line, undefined)
  const extraNames = extras
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
  return {
    name: packageName(name),
    extras: [...new Set(extraNames.map(packageName))].sort(),
    specifiers: [...new Set(specifiers)].sort(),
    ...(marker === undefined ? {} : { marker: marker.trim().replace(/\s+/g, ' ') }),
    hashes,
  }
}

function withoutHashes(line: string, property: string): { text: string; hashes: string[] } {
  const hashes: string[] = []
  const text = line.replace(/\s--hash[=\s]\s*(\S+)/g, (_all, hash: string) => {
    const digest = /^sha256:([0-9a-f]{64})$/i.exec(hash)?.[1]
    if (digest === undefined) throw refused(property, line, 'a hash that is not `sha256:` and 64 hexadecimal digits')
    hashes.push(digest.toLowerCase())
    return ''
  })
  return { text: text.trim(), hashes }
}

function optionAdvice(text: string): string {
  if (/^(-e|--editable)/.test(text))
    return 'an editable install; put the code into the job itself (`code:`) or the package on an index'
  if (/^(-r|--requirement|-c|--constraint)/.test(text))
    return 'a reference to another file, which is not sent along; write its lines here'
  if (/^--pre\b/.test(text))
    return 'an option for the whole file; pin the pre-release that you want instead, such as name==2.0rc1'
  return 'a pip option; only requirements may stand here'
}

const withoutCredentials = (line: string): string => line.replace(/\/\/[^/@\s]+@/g, '//***@')

function refused(property: string, line: string, why: string | undefined): HaganeError {
  const sent = line.length > 200 ? `${line.slice(0, 200)}…` : line
  const message = why === undefined ? `'${sent}' is not a requirement` : `'${sent}' is ${why}`
  return new HaganeError('invalid', `${property}: ${message}`, {
    hint: 'write requirements as pip reads them: name, name==1.2.3, name[extra]>=1.2,<2',
    details: [{ property, message, sent, allowed: 'name[extra]==version; marker' }],
  })
}

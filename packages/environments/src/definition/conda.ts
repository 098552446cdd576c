import { type CondaSpec, condaSpec, HaganeError, parseOrThrow } from '@hagane/contract'
import { parse } from 'yaml'
import { DROPPED, DROPPED_PATTERN, RENAMED } from './conda-names.ts'
import { normalisePython } from './python-version.ts'
import { packageName, parseRequirement, type Requirement, readLines } from './requirement.ts'

export interface CondaContent {
  readonly python?: string | undefined
  readonly requirements: readonly Requirement[]
  readonly deviations: readonly string[]
}

const MATCH_SPEC = /^(?:[A-Za-z0-9_./-]+::)?([A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(.*)$/

/** Reads a conda file (content or text) as requirements of PyPI. Throws `invalid` on YAML or specs that cannot be read. */
export function readConda(source: CondaSpec | string, property: string): CondaContent {
  const spec = typeof source === 'string' ? parseConda(source, property) : source
  const requirements: Requirement[] = []
  const deviations: string[] = []
  let python: string | undefined
  for (const [index, item] of (spec.dependencies ?? []).entries()) {
    const at = `${property}.dependencies[${index}]`
    if (typeof item !== 'string') {
      const pip = readLines(
        (item.pip ?? []).map(line => line.trim()).filter(line => line !== ''),
        `${at}.pip`,
      )
      requirements.push(...pip.requirements)
      deviations.push(...pip.deviations)
      continue
    }
    const read = readMatchSpec(item, at)
    if (read.name === 'python')
      python = normalisePython(read.specifiers.map(part => part.replace(/^==(.*)\.\*$/, '=$1')).join(','), at)
    else if (read.name !== 'pip') addPackage(read, item, at, requirements, deviations)
  }
  return { python, requirements, deviations }
}

function parseConda(text: string, property: string): CondaSpec {
  let content: unknown
  try {
    content = parse(text, { maxAliasCount: 50 })
  } catch (cause) {
    const looksLikePath = !text.includes('\n') && /\.(ya?ml)$/.test(text)
    throw new HaganeError(
      'invalid',
      `${property} is not YAML: ${(cause as Error).message.split('\n')[0]}`,
      looksLikePath ? { hint: 'send the content of the conda file, not its path' } : {},
    )
  }
  if (typeof content === 'string')
    throw new HaganeError('invalid', `${property}: '${content.slice(0, 100)}' is not the content of a conda file`, {
      hint: 'send the content of the file, not its path',
    })
  return parseOrThrow(condaSpec, content, property)
}

function addPackage(
  read: MatchSpec,
  item: string,
  at: string,
  requirements: Requirement[],
  deviations: string[],
): void {
  if (DROPPED.has(read.name) || DROPPED_PATTERN.test(read.name)) {
    deviations.push(`conda package '${item.trim()}' is not a Python package of the index: it was left out`)
    return
  }
  const renamed = RENAMED[read.name]
  if (renamed !== undefined) deviations.push(`conda package '${read.name}' was taken as '${renamed}'`)
  requirements.push(parseRequirement(`${renamed ?? read.name}${read.specifiers.join(',')}`, at))
}

interface MatchSpec {
  name: string
  specifiers: string[]
}

/** `channel::name op version build` of conda as PEP 440 specifiers; the build is dropped, `=1.2` becomes `==1.2.*`. */
export function readMatchSpec(text: string, property: string): MatchSpec {
  const match = MATCH_SPEC.exec(text.replace(/\s#.*$/, '').trim())
  const [, name, rest = ''] = match ?? []
  if (name === undefined || /[[\]|()@\\]/.test(rest)) throw unreadable(text, property)
  return { name: packageName(name), specifiers: specifiersOf(rest.trim(), text, property) }
}

function specifiersOf(rest: string, text: string, property: string): string[] {
  if (rest === '' || rest === '*' || rest === '=*') return []
  if (/^[<>!~]/.test(rest) || /^={2,3}/.test(rest) || rest.includes(','))
    return rest.split(',').map(part => ranged(part.trim(), text, property))
  // `=1.2` is fuzzy, `=1.2=build` and `1.2 build` are exact
  const [, equal, version, build] = /^(=)?\s*([^\s=]+)(?:[\s=]+(\S+))?$/.exec(rest) ?? []
  if (version === undefined || !/^[A-Za-z0-9.*+!_-]+$/.test(version)) throw unreadable(text, property)
  if (version.endsWith('*')) return [`==${version.replace(/\.?\*$/, '')}.*`]
  return [equal !== undefined && build === undefined ? `==${version}.*` : `==${version}`]
}

function ranged(part: string, text: string, property: string): string {
  const match = /^(===?|~=|!=|<=|>=|<|>|=)?\s*([A-Za-z0-9.*+!_-]+?)(?:=\S+)?(?:\s+\S+)?$/.exec(part)
  const [, op = '==', version] = match ?? []
  if (version === undefined) throw unreadable(text, property)
  const bare = version.replace(/\.?\*$/, '')
  if (op === '=') return `==${bare}.*`
  const wildcard = version.endsWith('*') && (op === '==' || op === '!=')
  return `${op}${wildcard ? `${bare}.*` : bare}`
}

function unreadable(text: string, property: string): HaganeError {
  const message = `'${text}' is not a conda package specification that this server reads`
  return new HaganeError('invalid', `${property}: ${message}`, {
    hint: 'write name, name=1.2, name==1.2.3 or name>=1.2,<2',
    details: [{ property, message, sent: text }],
  })
}

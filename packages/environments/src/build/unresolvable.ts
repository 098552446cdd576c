import { type ErrorDetail, HaganeError } from '@hagane/contract'
import type { Definition } from '../definition/definition.ts'
import { parseRequirement } from '../definition/requirement.ts'
import { causeOf } from './resolver.ts'

/** The refusal of a definition: which requirements the resolver speaks of, and its last lines as it wrote them. */
export function unresolvable(definition: Definition, where: string, reason: string): HaganeError {
  const cause = causeOf(reason)
  const blamed = definition.requirements.filter(line => mentions(cause, parseRequirement(line, 'requirements').name))
  const allowed = allowedOf(cause)
  const details: ErrorDetail[] = blamed.map(sent => ({
    property: 'requirements',
    message: `'${sent}' cannot be satisfied`,
    sent,
    ...(allowed === undefined ? {} : { allowed }),
  }))
  return new HaganeError('invalid', `the environment cannot be resolved: ${cause}`, {
    hint: hintOf(cause, where, definition.python),
    details: [...details, { property: 'resolver', message: reason }],
  })
}

/** Whether a report speaks of this package, and not of one whose name only begins or ends alike. */
export const mentions = (text: string, name: string): boolean =>
  new RegExp(`(^|[^A-Za-z0-9._-])${name.replace(/[.]/g, '\\.')}(?![A-Za-z0-9_-])`, 'i').test(text)

const allowedOf = (cause: string): string | undefined =>
  /was not found in/.test(cause) ? 'a package of the index that this server uses' : undefined

function hintOf(cause: string, where: string, python: string | undefined): string {
  if (/was not found in/.test(cause))
    return 'check the spelling; a package that only conda has must be left out, one of a private index needs PIP_EXTRA_INDEX_URL or UV_INDEX set for the server'
  if (/there is no version of/.test(cause)) return 'choose a version that exists, or leave the version out'
  if (/no usable wheels|Failed to/.test(cause))
    return python === undefined
      ? `choose versions that have wheels for ${where}`
      : `this was resolved for ${where}; install python ${python} (uv python install, pyenv install, apt), or choose versions that have wheels here`
  return 'loosen the versions that contradict each other'
}

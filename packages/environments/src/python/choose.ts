import { HaganeError } from '@hagane/contract'
import { centreOf, compareVersions, satisfiesPython, versionParts } from '../definition/python-version.ts'
import type { Interpreter } from './interpreters.ts'

export interface Choice {
  readonly interpreter: Interpreter
  readonly deviations: readonly string[]
  /** The interpreter's minor version is the wanted one, or none was wanted. */
  readonly asWanted: boolean
}

/** Older ones still run what asks for them by name, but are no default. */
const OLDEST_DEFAULT = [3, 9]

/**
 * The interpreter for a wanted version: the same patch, else the same minor, else (`compatible`) the nearest newer, then the nearest
 * older minor; each step down is a recorded deviation. Without a wish: the `python3` of the PATH unless it is too old.
 * Throws `unsupported` that lists what was found.
 */
export function chooseInterpreter(
  wanted: string | undefined,
  found: readonly Interpreter[],
  resolution: 'compatible' | 'exact',
): Choice {
  if (found.length === 0)
    throw new HaganeError('unavailable', 'no Python was found on this machine', {
      hint: 'install Python 3.9 or newer and put python3 on the PATH of the server, or install uv, pyenv or conda with one',
      details: [{ property: 'python', message: 'no interpreter' }],
    })
  if (wanted === undefined) return { interpreter: defaultOf(found), deviations: [], asWanted: true }
  const newest = newestFirst(found)
  const exact = newest.find(interpreter => satisfiesPython(interpreter.version, wanted))
  if (exact !== undefined) return { interpreter: exact, deviations: [], asWanted: true }
  if (resolution === 'exact') throw missing(wanted, found)
  const [major = 3, minor] = centreOf(wanted)
  const distance = (interpreter: Interpreter): number => {
    const [haveMajor = 3, haveMinor = 0] = versionParts(interpreter.version)
    const difference = (haveMajor - major) * 100 + haveMinor - (minor ?? haveMinor)
    return difference >= 0 ? difference : 1000 - difference
  }
  const interpreter = newest.reduce((best, next) => (distance(next) < distance(best) ? next : best))
  return {
    interpreter,
    deviations: [`python ${wanted} is not on this machine: ${interpreter.version} was taken`],
    asWanted: distance(interpreter) === 0,
  }
}

const newestFirst = (found: readonly Interpreter[]): Interpreter[] =>
  found.toSorted((a, b) => compareVersions(versionParts(b.version), versionParts(a.version)))

function defaultOf(found: readonly Interpreter[]): Interpreter {
  const preferred = found.find(interpreter => interpreter.preferred)
  const newest = newestFirst(found)[0] as Interpreter
  return preferred !== undefined && compareVersions(versionParts(preferred.version), OLDEST_DEFAULT) >= 0
    ? preferred
    : newest
}

function missing(wanted: string, found: readonly Interpreter[]): HaganeError {
  const versions = newestFirst(found).map(interpreter => interpreter.version)
  return new HaganeError('unsupported', `python ${wanted} is not on this machine`, {
    hint: `found: ${versions.join(', ')}. Install it (uv python install, pyenv install, apt), or set \`resolution: compatible\` to take the nearest`,
    details: [{ property: 'python', message: 'no such interpreter', sent: wanted, allowed: versions }],
  })
}

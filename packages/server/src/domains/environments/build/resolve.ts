import type { Definition } from '../definition/definition.ts'
import { parseRequirement, type Requirement, requirementText } from '../definition/requirement.ts'
import type { LockEntry } from './lock-text.ts'
import { type Loose, type Loosening, loosen, wheelElsewhere, withoutUsableWheel } from './loosen.ts'
import type { Resolver } from './resolver.ts'
import { unresolvable } from './unresolvable.ts'

export interface Resolved {
  readonly entries: readonly LockEntry[]
  readonly fromSource: readonly string[]
  readonly deviations: readonly string[]
}

/** What conda puts into every environment and old packages rely on without saying; setuptools 82 has no pkg_resources. */
const SEEDS = ['pip', 'setuptools<82', 'wheel']

/**
 * Resolves a definition for one interpreter. A package without any wheel may be built from source. A pin whose wheels are all for
 * other Pythons is taken at the nearest version that has one (`compatible`), each recorded; with `exact` it is built from source.
 * Throws `invalid` with the resolver's own last lines when nothing satisfies the requirements.
 */
export async function resolveDefinition(definition: Definition, where: string, ask: Resolver): Promise<Resolved> {
  if (definition.requirements.length === 0) return { entries: [], fromSource: [], deviations: [] }
  const state = openState(definition)
  for (;;) {
    const answer = await ask({ requirements: linesOf(state), fromSource: state.fromSource })
    if (answer.ok)
      return {
        entries: answer.entries,
        fromSource: present(state.fromSource, answer.entries),
        deviations: deviationsOf(state, answer.entries, where),
      }
    if (!(await adapt(state, answer.reason, ask))) throw unresolvable(definition, answer.reason)
  }
}

interface State {
  readonly direct: readonly Requirement[]
  readonly compatible: boolean
  seeds: string[]
  readonly fromSource: Set<string>
  readonly loose: Map<string, Loose>
}

function openState(definition: Definition): State {
  const direct = definition.requirements.map(line => parseRequirement(line, 'requirements'))
  const named = new Set(direct.map(requirement => requirement.name))
  return {
    direct,
    compatible: definition.resolution === 'compatible',
    seeds: SEEDS.filter(seed => !named.has(parseRequirement(seed, 'seed').name)),
    fromSource: new Set(),
    loose: new Map(),
  }
}

const linesOf = (state: State): string[] => [
  ...new Set(state.direct.map(requirement => state.loose.get(requirement.name)?.line ?? requirementText(requirement))),
  ...state.seeds,
]

/** Changes what is asked after a refusal; false when there is nothing left to change. */
async function adapt(state: State, reason: string, ask: Resolver): Promise<boolean> {
  if (state.seeds.includes('setuptools<82') && /setuptools/.test(reason)) {
    state.seeds = state.seeds.map(seed => (seed === 'setuptools<82' ? 'setuptools' : seed))
    return true
  }
  if (/was not found in the (package registry|provided package locations)|there is no version of/.test(reason))
    return false
  const wheelless = withoutUsableWheel(reason).filter(name => !state.fromSource.has(name))
  if (wheelless.length > 0) return adaptWheels(state, wheelless, ask)
  return state.compatible && loosenFurther(state, reason)
}

/** The first refusal names one package; all pins are checked then, so that each costs one question and not one round. */
async function adaptWheels(state: State, named: readonly string[], ask: Resolver): Promise<boolean> {
  const pins = state.direct.filter(
    requirement => requirement.specifiers.length > 0 && !state.loose.has(requirement.name),
  )
  const answers = await Promise.all(
    pins.map(async pin => ({
      pin,
      answer: await ask({ requirements: [requirementText(pin)], alone: true, fromSource: state.fromSource }),
    })),
  )
  const unusable = answers.flatMap(({ pin, answer }) =>
    !answer.ok && withoutUsableWheel(answer.reason).length > 0 ? [pin] : [],
  )
  const culprits = [...unusable, ...pins.filter(pin => named.includes(pin.name) && !unusable.includes(pin))]
  const before = state.loose.size + state.fromSource.size
  for (const pin of culprits) {
    if (state.loose.has(pin.name)) continue
    const loosening = state.compatible && (await wheelElsewhere(pin, ask)) ? await loosen(pin, ask) : undefined
    if (loosening === undefined) state.fromSource.add(pin.name)
    else state.loose.set(pin.name, loosening)
  }
  for (const name of named) if (!state.loose.has(name)) state.fromSource.add(name)
  return state.loose.size + state.fromSource.size > before
}

const NEXT: Readonly<Record<Loosening, Loosening | undefined>> = { nearest: 'newer', newer: 'any', any: undefined }

/** The nearest versions of several packages need not fit each other: their upper bounds go, then their lower ones. */
function loosenFurther(state: State, reason: string): boolean {
  let changed = false
  for (const [name, loose] of state.loose) {
    const next = NEXT[loose.stage]
    if (next === undefined || (loose.stage === 'newer' && !reason.includes(name))) continue
    state.loose.set(name, { ...loose, stage: next, line: next === 'any' ? loose.bare : loose.newer })
    changed = true
  }
  return changed
}

const present = (names: ReadonlySet<string>, entries: readonly LockEntry[]): string[] =>
  entries.map(entry => entry.name).filter(name => names.has(name))

function deviationsOf(state: State, entries: readonly LockEntry[], where: string): string[] {
  const versions = new Map(entries.map(entry => [entry.name, entry.version]))
  return state.direct
    .filter(requirement => state.loose.has(requirement.name))
    .map(
      requirement =>
        `${requirementText(requirement)} has no wheel for ${where}: ${versions.get(requirement.name) ?? 'another version'} was taken`,
    )
}

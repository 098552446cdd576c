import type { Definition } from '../definition/definition.ts'
import { parseRequirement, type Requirement, requirementText } from '../definition/requirement.ts'
import type { LockEntry } from './lock-text.ts'
import {
  atLeast,
  failedBuilds,
  type Loose,
  type Loosening,
  loosen,
  wheelElsewhere,
  withoutUsableWheel,
} from './loosen.ts'
import { builtForNumpyOne, NUMPY_ONE } from './numpy-age.ts'
import type { Resolver } from './resolver.ts'
import { mentions, unresolvable } from './unresolvable.ts'

export interface Resolved {
  readonly entries: readonly LockEntry[]
  readonly fromSource: readonly string[]
  readonly deviations: readonly string[]
}

/** What conda puts into every environment and old packages rely on without saying; setuptools 82 has no pkg_resources. */
const SEEDS = ['pip', 'setuptools<82', 'wheel']

/** The interpreter that is resolved for. */
export interface Place {
  /** e.g. `python 3.12.1 on linux-x86_64` */
  readonly name: string
  /** Its version is the one that the author wants: then old packages may be built from their sources, as pip does. */
  readonly asWanted: boolean
}

/**
 * Resolves a definition for one interpreter. A package without any wheel may be built from source. A pin whose wheels are all for
 * other Pythons, or whose source does not build, is taken at the nearest version that has a wheel (`compatible`), each recorded;
 * with `exact` it is built from source. Throws `invalid` with the resolver's own last lines when nothing satisfies the requirements.
 */
export async function resolveDefinition(definition: Definition, place: Place, ask: Resolver): Promise<Resolved> {
  if (definition.requirements.length === 0) return { entries: [], fromSource: [], deviations: [] }
  const state = openState(definition, place)
  for (;;) {
    const answer = await ask({ requirements: linesOf(state), fromSource: state.fromSource })
    if (answer.ok) {
      const { entries, deviations } = state.compatible
        ? await withNumpyOf(state, answer.entries, ask)
        : { entries: answer.entries, deviations: [] }
      return {
        ...(await preferWheels(entries, state.fromSource, ask)),
        deviations: [...deviationsOf(state, entries, place.name), ...deviations],
      }
    }
    if (!(await adapt(state, answer.reason, ask))) throw unresolvable(definition, place.name, answer.reason)
  }
}

/** Packages from before numpy 2 get a numpy that they were built for, where one satisfies everything else. */
async function withNumpyOf(
  state: State,
  entries: readonly LockEntry[],
  ask: Resolver,
): Promise<{ entries: readonly LockEntry[]; deviations: readonly string[] }> {
  const old = builtForNumpyOne(entries)
  if (old === undefined) return { entries, deviations: [] }
  const answer = await ask({ requirements: [...linesOf(state), NUMPY_ONE], fromSource: state.fromSource })
  if (!answer.ok) return { entries, deviations: [] }
  const numpy = answer.entries.find(({ name }) => name === 'numpy')?.version ?? ''
  return { entries: answer.entries, deviations: [`numpy ${numpy} was taken: ${old} was built for numpy 1`] }
}

interface State {
  readonly direct: readonly Requirement[]
  readonly compatible: boolean
  /** Packages that nobody named may be built from source although they have wheels for other versions. */
  readonly buildsOthers: boolean
  seeds: string[]
  readonly fromSource: Set<string>
  readonly loose: Map<string, Loose>
}

function openState(definition: Definition, place: Place): State {
  const direct = definition.requirements.map(line => parseRequirement(line, 'requirements'))
  const named = new Set(direct.map(requirement => requirement.name))
  return {
    direct,
    compatible: definition.resolution === 'compatible',
    buildsOthers: definition.resolution === 'exact' || place.asWanted,
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
  const broken = failedBuilds(reason).filter(name => state.fromSource.has(name))
  if (broken.length > 0) return state.compatible && loosenBroken(state, broken, ask)
  const wheelless = withoutUsableWheel(reason).filter(name => !state.fromSource.has(name))
  if (wheelless.length > 0 && (await adaptWheels(state, wheelless, ask))) return true
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
  for (const name of named)
    if (!state.loose.has(name) && (await mayBeBuilt(state, name, ask))) state.fromSource.add(name)
  return state.loose.size + state.fromSource.size > before
}

/** A package that has wheels, only not of the version that something asks for, seldom builds on a newer Python than it was made for. */
async function mayBeBuilt(state: State, name: string, ask: Resolver): Promise<boolean> {
  return state.buildsOthers || !(await ask({ requirements: [name], alone: true })).ok
}

async function loosenBroken(state: State, names: readonly string[], ask: Resolver): Promise<boolean> {
  let changed = false
  for (const pin of state.direct.filter(requirement => names.includes(requirement.name))) {
    const loosening = await loosen(pin, ask)
    if (loosening === undefined) continue
    state.fromSource.delete(pin.name)
    state.loose.set(pin.name, loosening)
    changed = true
  }
  return changed
}

/** The nearest versions of several packages need not fit each other: upper bounds go, of those that the resolver speaks of first. */
function loosenFurther(state: State, reason: string): boolean {
  const letGo = (stage: Loosening, of: (name: string) => boolean): boolean => {
    const stuck = [...state.loose].filter(([name, loose]) => loose.stage === stage && of(name))
    for (const [name, loose] of stuck)
      state.loose.set(
        name,
        stage === 'nearest'
          ? { ...loose, stage: 'newer', line: loose.newer }
          : { ...loose, stage: 'any', line: loose.bare },
      )
    return stuck.length > 0
  }
  const blamed = (name: string): boolean => mentions(reason, name)
  return (
    letGo('nearest', blamed) || loosenInTheWay(state, reason) || letGo('nearest', () => true) || letGo('newer', blamed)
  )
}

/** Pins that contradict what had to be taken instead of others. Without such a step the contradiction is the author's own. */
function loosenInTheWay(state: State, reason: string): boolean {
  if (state.loose.size === 0) return false
  const pins = state.direct.filter(pin => !state.loose.has(pin.name) && mentions(reason, pin.name))
  const loosened = pins.flatMap(pin =>
    [atLeast(pin)].filter(loose => loose !== undefined).map(loose => ({ pin, loose })),
  )
  for (const { pin, loose } of loosened) state.loose.set(pin.name, loose)
  return loosened.length > 0
}

/** The resolver looks at sources alone of what may be built; where the version it chose has a wheel, that is taken. */
async function preferWheels(
  resolved: readonly LockEntry[],
  mayBeBuilt: ReadonlySet<string>,
  ask: Resolver,
): Promise<Pick<Resolved, 'entries' | 'fromSource'>> {
  const fromSource: string[] = []
  const entries = await Promise.all(
    resolved.map(async entry => {
      if (!mayBeBuilt.has(entry.name)) return entry
      const answer = await ask({ requirements: [`${entry.name}==${entry.version}`], alone: true })
      const wheel = answer.ok ? answer.entries.find(({ name }) => name === entry.name) : undefined
      if (wheel === undefined) fromSource.push(entry.name)
      return wheel ?? entry
    }),
  )
  return { entries, fromSource }
}

function deviationsOf(state: State, entries: readonly LockEntry[], where: string): string[] {
  const versions = new Map(entries.map(entry => [entry.name, entry.version]))
  return state.direct.flatMap(requirement => {
    const loose = state.loose.get(requirement.name)
    if (loose === undefined) return []
    const why = loose.why === 'conflict' ? `does not fit what was taken for ${where}` : `has no wheel for ${where}`
    return [`${requirementText(requirement)} ${why}: ${versions.get(requirement.name) ?? 'another version'} was taken`]
  })
}

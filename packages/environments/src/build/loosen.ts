import { type Requirement, requirementText } from '../definition/requirement.ts'
import type { Resolver } from './resolver.ts'

/** How far a pin was let go: a single near version, that or newer, any. */
export type Loosening = 'nearest' | 'newer' | 'any'

export interface Loose {
  readonly stage: Loosening
  readonly why: 'wheel' | 'conflict'
  /** What is asked for instead of the pin. */
  readonly line: string
  readonly newer: string
  readonly bare: string
}

/** Versions of Python that wheels may have been made for. */
const PYTHONS = ['3.8', '3.9', '3.10', '3.7', '3.11', '3.12', '3.13', '3.14', '3.6']

/** Packages that the resolver refused for want of a wheel, by its own report. */
export function withoutUsableWheel(reason: string): string[] {
  const hinted = [...reason.matchAll(/Wheels are required for `([^`]+)`/g)].map(match => match[1] as string)
  const python = [...reason.matchAll(/does not satisfy Python\S* and ([a-z0-9._-]+)[=<>]/g)].map(
    match => match[1] as string,
  )
  return [...new Set([...hinted, ...python])]
}

/** Packages whose source did not build, by the resolver's report. */
export const failedBuilds = (reason: string): string[] =>
  [...reason.matchAll(/Failed to (?:download and )?build `([A-Za-z0-9._-]+)(?:==|`)/g)].map(match => match[1] as string)

/** Whether this very version has wheels, only not for our Python: then its source is no way either, since it rarely builds there. */
export async function wheelElsewhere(pin: Requirement, ask: Resolver): Promise<boolean> {
  for (const forPython of PYTHONS)
    if ((await ask({ requirements: [requirementText(pin)], alone: true, forPython })).ok) return true
  return false
}

/** The oldest newer version that has a wheel here, else the newest older one; undefined when there is none. */
export async function loosen(pin: Requirement, ask: Resolver): Promise<Loose | undefined> {
  const base = baseVersion(pin)
  if (base === undefined) return undefined
  const line = (specifier: string): string =>
    requirementText({ ...pin, specifiers: specifier === '' ? [] : [specifier] })
  const up = await ask({ requirements: [line(`>=${base}`)], alone: true, lowest: true })
  const found = up.ok ? up : await ask({ requirements: [line(`<=${base}`)], alone: true })
  const version = found.ok ? found.entries.find(entry => entry.name === pin.name)?.version : undefined
  if (version === undefined) return undefined
  return {
    stage: 'nearest',
    why: 'wheel',
    line: line(`==${version}`),
    newer: up.ok ? line(`>=${version}`) : line(`<=${version}`),
    bare: line(''),
  }
}

/** The pin without its upper bound, for one that contradicts others; undefined when it names no version. */
export function atLeast(pin: Requirement): Loose | undefined {
  const base = baseVersion(pin)
  if (base === undefined) return undefined
  const newer = requirementText({ ...pin, specifiers: [`>=${base}`] })
  return { stage: 'newer', why: 'conflict', line: newer, newer, bare: requirementText({ ...pin, specifiers: [] }) }
}

/** The version that a pin is about: of `==`, `~=`, an upper, a lower bound, in this order. */
function baseVersion(pin: Requirement): string | undefined {
  for (const op of ['===', '==', '~=', '<=', '<', '>=', '>']) {
    const specifier = pin.specifiers.find(part => /^[=~<>!]+/.exec(part)?.[0] === op)
    if (specifier !== undefined) return specifier.slice(op.length).replace(/\.\*$/, '')
  }
  return undefined
}

import { createHash } from 'node:crypto'
import { canonicalJson, type EnvironmentSpec, HaganeError } from '@hagane/contract'

import { withoutAzurePlugins } from './azure-packages.ts'
import { readConda } from './conda.ts'
import { type CuratedEnvironment, curated } from './curated.ts'
import { notBuilt, type ReadFile, readDockerfile } from './dockerfile.ts'
import { readImage } from './image.ts'
import { parseRequirements, type Requirement, readLines, requirementText } from './requirement.ts'

export type Resolution = 'compatible' | 'exact'

/** What an environment is made of, whatever it was written in. Equal content has an equal digest. */
export interface Definition {
  /** `3.10`, `3.7.11` or `>=3.8,<3.11`; left out means any. */
  readonly python?: string
  /** Canonical requirement lines, sorted. */
  readonly requirements: readonly string[]
  /** Package → SHA-256 digests that its author allows. */
  readonly hashes?: Readonly<Record<string, readonly string[]>>
  readonly resolution: Resolution
}

export interface Defined {
  readonly definition: Definition
  /** SHA-256 of the canonical definition. */
  readonly digest: string
  /** What was read: `conda_file`, `pip_requirements`, `image`, `curated:<name>`, `build`. */
  readonly sources: readonly string[]
  /** What the author wrote and Hagane takes otherwise, in words. */
  readonly deviations: readonly string[]
  /** Its Dockerfile installs no Python packages that could be taken over: it has to be built by a container engine. */
  readonly needsContainer?: true
}

interface Parts {
  needsContainer?: true
  python?: string | undefined
  requirements: Requirement[]
  deviations: string[]
  sources: string[]
}

/** The environment of a job that names none: some Python, nothing else. */
export const plainSpec: EnvironmentSpec = { image: 'python' }

/**
 * Reads a specification. `readFile` gives files of the build context, `hasEngine` tells whether Dockerfiles can be built.
 * Throws `invalid` on what cannot be read, `unsupported` on Windows and, without an engine, on Dockerfiles without Python
 * packages.
 */
export async function define(
  spec: EnvironmentSpec,
  readFile: ReadFile,
  hasEngine: () => Promise<boolean> = async () => false,
): Promise<Defined> {
  if (spec.os_type !== undefined && spec.os_type.toLowerCase() !== 'linux')
    throw new HaganeError('unsupported', `os_type: '${spec.os_type}' environments cannot be built; only linux can`, {
      hint: 'leave os_type out',
    })
  const parts: Parts = { requirements: [], deviations: [], sources: [] }
  if (spec.image !== undefined) addImage(parts, spec.image)
  if (spec.build !== undefined) {
    const content = await readDockerfile(spec.build.dockerfile_path ?? 'Dockerfile', readFile)
    if (!content.understood && !(await hasEngine())) throw notBuilt(spec.build.dockerfile_path ?? 'Dockerfile')
    if (!content.understood) parts.needsContainer = true
    add(parts, 'build', content)
  }
  if (spec.conda_file !== undefined) add(parts, 'conda_file', readConda(spec.conda_file, 'conda_file'))
  if (spec.pip_requirements !== undefined)
    add(parts, 'pip_requirements', parseRequirements(spec.pip_requirements, 'pip_requirements'))
  if (parts.sources.length === 0)
    throw new HaganeError('invalid', 'an environment needs image, conda_file, pip_requirements or build', {
      hint: 'for plain Python write `image: python`',
    })
  return finished(parts, spec.resolution ?? 'compatible')
}

/** The definition of a curated environment by name. Throws not_found that lists the known ones. */
export function defineCurated(name: string): Defined {
  const parts: Parts = { requirements: [], deviations: [], sources: [] }
  const found = curated(name)
  addCurated(parts, found.name, found.environment)
  return finished(parts, 'compatible')
}

function addImage(parts: Parts, image: string): void {
  const facts = readImage(image)
  if (facts.curated === undefined) add(parts, 'image', { python: facts.python, requirements: [], deviations: [] })
  else addCurated(parts, facts.curated, curated(facts.curated).environment)
}

function addCurated(parts: Parts, name: string, environment: CuratedEnvironment): void {
  add(parts, `curated:${name}`, { python: environment.python, ...readLines(environment.requirements, name) })
}

function add(
  parts: Parts,
  source: string,
  read: { python?: string | undefined; requirements: readonly Requirement[]; deviations: readonly string[] },
): void {
  parts.python = read.python ?? parts.python
  parts.requirements.push(...read.requirements)
  parts.deviations.push(...read.deviations)
  parts.sources.push(source)
}

function finished(parts: Parts, resolution: Resolution): Defined {
  const { requirements, deviations } = withoutAzurePlugins(parts.requirements)
  const hashed = requirements.filter(requirement => requirement.hashes.length > 0)
  const definition: Definition = {
    ...(parts.python === undefined ? {} : { python: parts.python }),
    requirements: [...new Set(requirements.map(requirementText))].sort(),
    ...(hashed.length === 0
      ? {}
      : { hashes: Object.fromEntries(hashed.map(({ name, hashes }) => [name, [...hashes].sort()])) }),
    resolution,
  }
  return {
    definition,
    digest: digestOf(definition),
    sources: parts.sources,
    ...(parts.needsContainer === undefined ? {} : { needsContainer: parts.needsContainer }),
    deviations: [...new Set([...parts.deviations, ...deviations])],
  }
}

export const digestOf = (definition: Definition): string =>
  createHash('sha256').update(canonicalJson(definition)).digest('hex')

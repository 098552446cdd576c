import { posix } from 'node:path'
import { HaganeError, isSafeTreePath } from '@hagane/contract'
import { readConda } from './conda.ts'
import { readImage } from './image.ts'
import { parseRequirements, type Requirement, readLines } from './requirement.ts'

/** Reads a file of the build context as text; undefined when there is none at that path. */
export type ReadFile = (path: string) => Promise<string | undefined>

export interface DockerfileContent {
  readonly python?: string | undefined
  readonly requirements: readonly Requirement[]
  readonly deviations: readonly string[]
  /** It installs Python packages, and these are they. */
  readonly understood: boolean
}

interface Found {
  python?: string | undefined
  requirements: Requirement[]
  deviations: string[]
}

/**
 * Reads the Python part of a Dockerfile: the version in FROM, `pip install …` and `conda env create|update --file …`. Nothing is
 * executed; every other RUN is recorded as not carried out. Throws `invalid` on files that are not there or cannot be read.
 */
export async function readDockerfile(path: string, readFile: ReadFile): Promise<DockerfileContent> {
  const text = await readFile(path)
  if (text === undefined)
    throw new HaganeError('invalid', `build.path holds no file '${path}'`, {
      hint: 'name it with build.dockerfile_path, relative to build.path',
    })
  const found: Found = { requirements: [], deviations: [] }
  let understood = false
  for (const { keyword, rest } of instructionsOf(text)) {
    if (keyword === 'FROM')
      found.python = readImage(rest.split(/\s+/).find(word => !word.startsWith('--')) ?? '').python
    if (keyword !== 'RUN') continue
    for (const command of rest.split(/&&|;|\|\|/).map(part => part.trim()))
      understood = (await readCommand(command, path, readFile, found)) || understood
  }
  return { ...found, understood }
}

/** Instructions with continued lines joined and comments left out. */
function instructionsOf(text: string): { keyword: string; rest: string }[] {
  const lines = text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .filter(line => !/^\s*#/.test(line))
  return lines
    .join('\n')
    .replace(/\\[ \t]*\n/g, ' ')
    .split('\n')
    .flatMap(line => {
      const [, keyword, rest] = /^\s*([A-Za-z]+)\s+(.*)$/.exec(line) ?? []
      return keyword === undefined || rest === undefined ? [] : [{ keyword: keyword.toUpperCase(), rest: rest.trim() }]
    })
}

const PIP_INSTALL = /^(?:python[\d.]*\s+-m\s+)?pip[\d.]*\s+install\s+(.*)$/
const CONDA_FILE = /^(?:conda|mamba|micromamba)\s+(?:env\s+)?(?:create|update)\b.*?(?:--file|-f)[=\s]+(\S+)/
const NOTHING = /^(rm|echo|true|set|mkdir|ln|pip[\d.]* cache purge)\b/

async function readCommand(command: string, dockerfile: string, readFile: ReadFile, found: Found): Promise<boolean> {
  const arguments_ = PIP_INSTALL.exec(command)?.[1]
  if (arguments_ !== undefined) return readPipInstall(arguments_, dockerfile, readFile, found)
  const condaFile = CONDA_FILE.exec(command)?.[1]
  if (condaFile !== undefined) {
    const conda = readConda(await contextFile(condaFile, dockerfile, readFile), `build: ${condaFile}`)
    found.python = conda.python ?? found.python
    found.requirements.push(...conda.requirements)
    found.deviations.push(...conda.deviations)
    return true
  }
  if (command !== '' && !NOTHING.test(command))
    found.deviations.push(`Dockerfile: 'RUN ${command.slice(0, 120)}' was not carried out`)
  return false
}

async function readPipInstall(text: string, dockerfile: string, readFile: ReadFile, found: Found): Promise<boolean> {
  const words = text
    .split(/\s+/)
    .map(word => word.replace(/^(['"])(.*)\1$/, '$2'))
    .filter(word => word !== '')
  const lines: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    if (word === '-r' || word === '--requirement') {
      const read = parseRequirements(await contextFile(words[++i] ?? '', dockerfile, readFile), `build: ${words[i]}`)
      found.requirements.push(...read.requirements)
      found.deviations.push(...read.deviations)
    } else if (TAKES_VALUE.test(word) && !word.includes('=')) lines.push(`${word} ${words[++i] ?? ''}`)
    else if (!IGNORED_FLAG.test(word) && !/^(pip|setuptools|wheel)$/.test(word)) lines.push(word)
  }
  const read = readLines(lines, `build: ${dockerfile}`)
  found.requirements.push(...read.requirements)
  found.deviations.push(...read.deviations)
  return true
}

const TAKES_VALUE = /^(--extra-index-url|--index-url|-i|--trusted-host|--find-links|-f)$/
const IGNORED_FLAG =
  /^(-U|--upgrade|-q|--quiet|--no-cache-dir|--user|--disable-pip-version-check|--no-warn-script-location|--prefer-binary|--root-user-action=\S+)$/

/** A file that a command names: COPY may have moved it, so beside the given path its name in the context's root is tried. */
async function contextFile(named: string, dockerfile: string, readFile: ReadFile): Promise<string> {
  const base = posix.basename(named)
  const candidates = [
    posix.join(posix.dirname(dockerfile), named),
    named,
    base,
    posix.join(posix.dirname(dockerfile), base),
  ]
  for (const path of new Set(candidates.map(candidate => candidate.replace(/^(\.\/|\/)+/, ''))))
    if (isSafeTreePath(path)) {
      const text = await readFile(path)
      if (text !== undefined) return text
    }
  throw new HaganeError('invalid', `the Dockerfile reads '${named}', which is not in build.path`, {
    hint: 'put the file into the folder that build.path names',
  })
}

/** Without a container engine a Dockerfile is worth the packages that it installs. */
export const notBuilt = (path: string): HaganeError =>
  new HaganeError(
    'unsupported',
    `no container engine answers that could build it, and '${path}' installs no Python packages that could be taken over`,
    {
      hint: 'start Docker or Podman; or describe the environment with conda_file or pip_requirements; for other tools, install them on the machine and use an environment with `image` only',
    },
  )

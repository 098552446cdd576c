import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { lockDigestOf, type SharedWork, shareWork } from '@hagane/environments'
import type { BlobStore } from '../../../kernel/blobs/index.ts'
import type { Who } from '../../../kernel/db/index.ts'
import type { BuiltEnvironment } from '../lock-and-build.ts'
import type { Resolved } from '../references.ts'
import { printContainerLock, readContainerLock } from './container-lock.ts'
import type { ContainerRecords } from './container-records.ts'
import type { Engine, EngineSetting } from './find-engine.ts'
import { type Image, type ImageSource, type Images, isReference } from './images.ts'

/** Where the command of a step runs, in the terms of a compute driver. */
export interface ContainerPlace {
  engine: string
  kind: 'docker' | 'podman'
  rootless: boolean
  image: string
  readOnly: string[]
}

/** An environment for one step: Python packages of this machine, an image, or packages laid over an image. */
export interface StepEnvironment {
  /** Its `bin` goes first on PATH; an image without packages of its own has none. */
  prefix?: string
  lockDigest: string
  deviations: string[]
  container?: ContainerPlace
}

interface Deps {
  setting: EngineSetting
  engine: () => Promise<Engine | undefined>
  images: Images
  blobs: BlobStore
  /** The Python packages of a definition, on this machine. */
  build(resolved: Resolved, who: Who, options: BuildOptions): Promise<BuiltEnvironment>
  buildLock(digest: string, who: Who, options: BuildOptions): Promise<BuiltEnvironment>
  records: ContainerRecords
  /** Begins the build log of a definition anew. */
  openLog(definitionDigest: string): Promise<(line: string) => void>
}

interface BuildOptions {
  onLog?: (line: string) => void
  signal?: AbortSignal
}

/** An image that was pulled meanwhile is noticed after this time. */
const SEEN_HOLDS_MS = 10_000
/** An interpreter that belongs to the system cannot be shown to an image that has a system of its own. */
const SYSTEM = ['/', '/usr', '/usr/local']
const PART_OF_SYSTEM =
  "the Python of its packages is part of this machine's system and cannot be shown to a container; one installed by uv, pyenv or conda can"

/** Environments whose steps run in containers; see ADR 13 for when they do. */
export function buildContainerEnvironments(deps: Deps) {
  const { setting, images, records } = deps
  const now = () => performance.now()
  const seen = new Map<string, { image: Promise<Image | undefined>; until: number }>()
  const shared: SharedWork<Image> = shareWork<Image>()
  const checked = new Set<string>()

  /** With `auto` an image is a better place, not a condition. */
  const orOnMachine = (error: unknown): Overlay => {
    if (setting === 'auto' && error instanceof HaganeError) return { folders: [], not: error.message }
    throw error
  }

  const look = (engine: Engine, { source }: Wanted): Promise<Image | undefined> => {
    const key = JSON.stringify(source)
    const known = seen.get(key)
    if (known !== undefined && known.until > now()) return known.image
    const image = images.find(engine, source)
    seen.set(key, { image, until: now() + SEEN_HOLDS_MS })
    return image
  }

  /** The image when it is there; `wanted` says whether it is to be made when it is not. */
  async function choose(resolved: Resolved) {
    const wanted = resolved.container
    if (setting === 'auto' && wanted?.source.kind === 'image' && !isReference(wanted.source.reference)) return undefined
    const engine = wanted === undefined ? undefined : await deps.engine()
    if (wanted === undefined || engine === undefined) return undefined
    const image = await look(engine, wanted)
    const make = setting !== 'auto' || resolved.defined.needsContainer === true
    return image === undefined && !make ? undefined : { engine, wanted, image }
  }

  /** The lock that a step would have now, as far as it can be told without building: undefined when it cannot. */
  async function lockedAs(resolved: Resolved): Promise<{ lockDigest?: string } | undefined> {
    const chosen = await choose(resolved)
    if (chosen === undefined) return undefined
    const { image, wanted } = chosen
    if (image === undefined || wanted.ownPackages) return {}
    return { lockDigest: lockDigestOf(printContainerLock({ definition: resolved.defined.digest, image })) }
  }

  async function ensure(who: Who, resolved: Resolved, options: BuildOptions): Promise<StepEnvironment | undefined> {
    const chosen = await choose(resolved)
    if (chosen === undefined) return undefined
    const { engine, wanted } = chosen
    const make = (onLine: (line: string) => void, signal: AbortSignal) =>
      makeImage(engine, who, resolved, wanted.source, onLine, signal)
    const image =
      chosen.image ?? (await shared.join(JSON.stringify(wanted.source), make, options.onLog, options.signal))
    const built = wanted.ownPackages ? await deps.build(resolved, who, options) : undefined
    const over = built === undefined ? undefined : await overlay(engine, image, built).catch(orOnMachine)
    if (built !== undefined && over?.not !== undefined) return onMachine(built, image, over.not)
    const packages = built === undefined ? undefined : await textOf(built.lockDigest)
    const text = printContainerLock({ definition: resolved.defined.digest, image, packages })
    const lockDigest = lockDigestOf(text)
    await deps.blobs.put(Buffer.from(text), lockDigest)
    await records.ready(who, resolved, { lockDigest, lock: text, image })
    return environmentIn(engine, image, lockDigest, built, over?.folders)
  }

  async function makeImage(
    engine: Engine,
    who: Who,
    resolved: Resolved,
    source: ImageSource,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Image> {
    const written = await deps.openLog(resolved.defined.digest)
    await records.begun(who, resolved)
    const both = (line: string) => {
      written(line)
      onLine(line)
    }
    try {
      return await images.make(engine, source, { onLine: both, signal })
    } catch (error) {
      both((error as Error).message)
      if (!signal.aborted) await records.failed(who, resolved, error)
      throw error
    } finally {
      seen.delete(JSON.stringify(source))
    }
  }

  /** The same place again, by its lock; undefined for a lock without an image. Throws unavailable when the image is gone. */
  async function fromLock(who: Who, lock: string, options: BuildOptions): Promise<StepEnvironment | undefined> {
    const read = readContainerLock(await textOf(lock))
    if (read === undefined) return undefined
    const { image, packages } = read
    const engine = await deps.engine()
    const found = engine && (await images.find(engine, { kind: 'image', reference: image.id }))
    if (engine === undefined || found === undefined) throw imageGone(image, engine)
    const built = packages === undefined ? undefined : await deps.buildLock(packages, who, options)
    const over = built === undefined ? undefined : await overlay(engine, image, built)
    return environmentIn(engine, image, lock, built, over?.folders)
  }

  /** Folders that show the packages in a container, or why they cannot be used there. */
  async function overlay(engine: Engine, image: Image, built: BuiltEnvironment): Promise<Overlay> {
    const base = dirname(dirname(await realpath(built.python)))
    if (SYSTEM.includes(base)) return { folders: [], not: PART_OF_SYSTEM }
    const folders = [built.prefix, base]
    const key = `${image.id} ${built.lockDigest}`
    if (!checked.has(key)) await images.checkPython(engine, image, built.python, folders)
    checked.add(key)
    return { folders }
  }

  const textOf = async (digest: string): Promise<string> => (await deps.blobs.readAll(digest)).toString('utf8')
  return { lockedAs, ensure, fromLock, stop: () => shared.stop(new Error('the server is stopping')) }
}

/** Names the definition and its image, since environments of equal packages may have different images. */
export const containerKey = ({ defined, container }: Resolved): string =>
  lockDigestOf(JSON.stringify([defined.digest, container?.source]))

interface Overlay {
  folders: string[]
  not?: string
}

type Wanted = NonNullable<Resolved['container']>

const environmentIn = (
  { program, kind, rootless }: Engine,
  image: Image,
  lockDigest: string,
  built: BuiltEnvironment | undefined,
  readOnly: string[] = [],
): StepEnvironment => ({
  ...(built === undefined ? {} : { prefix: built.prefix }),
  lockDigest,
  deviations: built?.deviations ?? [],
  container: { engine: program, kind, rootless, image: image.id, readOnly },
})

const onMachine = (built: BuiltEnvironment, image: Image, why: string): StepEnvironment => ({
  prefix: built.prefix,
  lockDigest: built.lockDigest,
  deviations: [...built.deviations, `image ${image.reference} is not used: ${why}`],
})

const imageGone = (image: Image, engine: Engine | undefined): HaganeError =>
  new HaganeError('unavailable', `the lock is for image ${image.reference} (${image.id}), which is not here`, {
    hint:
      engine === undefined
        ? 'start Docker or Podman, or name another environment: the difference is then told'
        : 'pull or build that image again, or name another environment: the difference is then told',
    details: [{ property: 'container_image', message: 'not here', sent: image.id }],
  })

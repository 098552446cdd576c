import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { HaganeError, isSafeTreePath, parseReference } from '@hagane/contract'
import { type RunOptions, run, withoutCredentials } from '@hagane/environments'
import type { BlobStore } from '../../../kernel/blobs/index.ts'
import { canonicalJson } from '../../../kernel/canonical-json.ts'
import { type Engine, engineEnvironment } from './find-engine.ts'

/** The image that an environment names, or the folder it is built from. */
export type ImageSource =
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'build'; readonly path: string; readonly dockerfile: string }

/** An image that the engine has. */
export interface Image {
  /** SHA-256 of its configuration, in hexadecimal. */
  readonly id: string
  /** How it is found again: the reference, or the tag of what was built. */
  readonly reference: string
}

type Options = Pick<RunOptions, 'onLine' | 'signal'>

const PULL_MS = 2 * 60 * 60_000
const INSPECT_MS = 30_000
const LAST_LINES = 12
/** What docker and podman take as a name of an image; the first character keeps it from being an option. */
const REFERENCE = /^[a-zA-Z0-9][a-zA-Z0-9._:/@-]{0,511}$/

/** Whether an engine takes this as the name of an image; elsewhere it may be a mere label. */
export const isReference = (text: string): boolean => REFERENCE.test(text)

/** A reference that can be handed to an engine. Throws invalid. */
export function checkedReference(reference: string): string {
  if (isReference(reference)) return reference
  throw new HaganeError('invalid', `image: ${JSON.stringify(reference.slice(0, 200))} is not the name of an image`, {
    hint: 'write it as docker takes it: registry/repository:tag, or repository@sha256:digest',
    details: [{ property: 'image', message: 'not the name of an image', sent: reference.slice(0, 200) }],
  })
}

/** Images of the engine: looked at, pulled, and built from stored folders. */
export function openImages(blobs: BlobStore, env: NodeJS.ProcessEnv) {
  const ask = (engine: Engine, words: readonly string[], options: Partial<RunOptions>) =>
    run(engine.program, words, { env: engineEnvironment(env), ...options })

  async function find(engine: Engine, source: ImageSource): Promise<Image | undefined> {
    const reference = source.kind === 'image' ? checkedReference(source.reference) : tagOf(source)
    const words = ['image', 'inspect', '--format', '{{.Id}}', '--', reference]
    const { code, stdout } = await ask(engine, words, { timeoutMs: INSPECT_MS })
    const id = /^(?:sha256:)?([0-9a-f]{64})$/.exec(stdout.trim())?.[1]
    return code === 0 && id !== undefined ? { id, reference } : undefined
  }

  /** Pulls or builds it. Throws unavailable (pull) or invalid (build) with the engine's last lines. */
  async function make(engine: Engine, source: ImageSource, options: Options): Promise<Image> {
    const words =
      source.kind === 'image' ? ['pull', '--', checkedReference(source.reference)] : await buildWords(source)
    const what = source.kind === 'image' ? `pulling ${source.reference}` : `building ${source.dockerfile}`
    options.onLine?.(`${what} with ${engine.program}`)
    const { code, stderr, stdout } = await ask(engine, words, { ...options, timeoutMs: PULL_MS })
    if (code !== 0) throw failed(source, what, stderr.trim() === '' ? stdout : stderr)
    const found = await find(engine, source)
    if (found === undefined) throw failed(source, what, 'the engine does not find it afterwards')
    return found
  }

  async function buildWords(source: ImageSource & { kind: 'build' }): Promise<string[]> {
    const tree = parseReference(source.path)
    if (tree.form !== 'tree' || !isSafeTreePath(source.dockerfile) || (tree.path !== '' && !isSafeTreePath(tree.path)))
      throw new HaganeError('invalid', `build: '${source.path}' and '${source.dockerfile}' name no uploaded Dockerfile`)
    const context = join(await blobs.materialize(tree.digest), tree.path)
    return ['build', '--tag', tagOf(source), '--file', join(context, source.dockerfile), '--', context]
  }

  /** Whether a Python of this machine runs in the image: they must share a C library. Throws unsupported with its words. */
  async function checkPython(engine: Engine, image: Image, python: string, readOnly: readonly string[]): Promise<void> {
    const mounts = readOnly.flatMap(path => ['--volume', `${path}:${path}:ro`])
    const container = ['run', '--rm', '--pull', 'never', '--network', 'none', '--security-opt', 'label=disable']
    const words = [...container, ...mounts, '--entrypoint', python, '--', image.id, '-c', 'import ssl']
    const { code, stderr } = await ask(engine, words, { timeoutMs: 120_000 })
    if (code === 0) return
    throw new HaganeError(
      'unsupported',
      `image: ${image.reference} cannot run the Python of its packages: ${last(stderr)}`,
      {
        hint: 'use an image with glibc and the libraries of that Python (not Alpine), or install the packages in a Dockerfile (build:)',
        details: [{ property: 'image', message: last(stderr), sent: image.reference }],
      },
    )
  }

  return { find, make, checkPython }
}

export type Images = ReturnType<typeof openImages>

/** Equal folders are built once: the tag is a digest of the stored tree and the Dockerfile's name. */
const tagOf = (source: ImageSource & { kind: 'build' }): string =>
  `localhost/hagane-build:${createHash('sha256').update(canonicalJson(source)).digest('hex').slice(0, 40)}`

const last = (output: string): string => withoutCredentials(output).trim().split('\n').slice(-LAST_LINES).join('\n')

const failed = (source: ImageSource, what: string, output: string): HaganeError =>
  new HaganeError(source.kind === 'image' ? 'unavailable' : 'invalid', `${what} failed: ${last(output)}`, {
    hint:
      source.kind === 'image'
        ? 'check the name and that you are logged in to its registry; container_engine: none runs the step on the machine'
        : 'mend the Dockerfile; the build log has all lines',
    details: [{ property: 'container_image', message: last(output) }],
  })

import { HaganeError } from '@hagane/contract'
import type { Files } from './files.ts'
import { localPath } from './local-path.ts'
import type { LocalUpload } from './local-upload.ts'
import { nearby } from './missing-file.ts'
import { Origins } from './origins.ts'
import { Problems, refusal } from './problems.ts'
import { parseYaml, type YamlSource } from './read-yaml.ts'
import { type Cursor, type Home, isMap, own, propertyName } from './tree.ts'

const mostIncludes = 5000
const deepestChain = 40

type Kind = 'file' | 'folder' | 'missing'

/** What one run of loadManifest knows and collects. Files are looked at once each. */
export class Loading {
  readonly origins = new Origins()
  readonly problems = new Problems()
  readonly uploads: LocalUpload[] = []
  readonly files: Files
  readonly #sources = new Map<string, YamlSource>()
  readonly #texts = new Map<string, Promise<string>>()
  readonly #kinds = new Map<string, Promise<Kind>>()
  #includes = 0

  constructor(files: Files) {
    this.files = files
  }

  home(file: string, chain: readonly string[]): Home {
    return { file, directory: this.files.dirname(file), chain: [...chain, file] }
  }

  /** A tree of the file that the manifest itself is. */
  async root(file: string): Promise<unknown> {
    const kind = await this.kindOf(file)
    if (kind === 'file') return this.yaml(file)
    if (kind === 'folder') throw refusal({ message: 'this is a folder', hint: 'name a YAML file in it' }, { file })
    const { near, hint } = await nearby(this.files, file, /\.ya?ml$|^MLproject$/i)
    throw refusal({ message: `there is no such file${near}`, hint }, { file })
  }

  /** The text of a file; whatever goes wrong with it is `invalid` and names the file. */
  text(file: string): Promise<string> {
    const known = this.#texts.get(file)
    if (known !== undefined) return known
    const reading = this.files.readText(file).catch((cause: unknown) => {
      throw unreadable(file, cause)
    })
    this.#texts.set(file, reading)
    return reading
  }

  kindOf(file: string): Promise<Kind> {
    const known = this.#kinds.get(file)
    if (known !== undefined) return known
    const looking = this.files.stat(file).catch((cause: unknown) => {
      throw unreadable(file, cause)
    })
    this.#kinds.set(file, looking)
    return looking
  }

  /** A tree of its own for every call, of a file that is parsed once. */
  async yaml(file: string): Promise<unknown> {
    const source = this.#sources.get(file) ?? parseYaml(await this.text(file), file)
    this.#sources.set(file, source)
    return source.tree(this.origins)
  }

  /** Records a problem with the value at a key of the cursor's map. */
  wrong(cursor: Cursor, key: string, message: string, more: { sent?: unknown; allowed?: unknown; hint?: string } = {}) {
    this.problems.error(...this.#detail(cursor, key, message, more))
  }

  warn(cursor: Cursor, key: string, message: string, more: { sent?: unknown; allowed?: unknown; hint?: string } = {}) {
    this.problems.warn(...this.#detail(cursor, key, message, more))
  }

  #detail(cursor: Cursor, key: string, message: string, more: object) {
    const detail = { property: propertyName([...cursor.pointer, key]), message, ...more }
    return [detail, this.origins.place(cursor.map, key) ?? { file: cursor.home.file }] as const
  }

  /** The absolute path of the file that a text names, or undefined after recording that there is none. */
  async #included(cursor: Cursor, key: string, sent: string): Promise<string | undefined> {
    const file = this.files.resolve(cursor.home.directory, localPath(sent))
    const kind = await this.kindOf(file)
    if (kind === 'file') return file
    const base = cursor.home.directory
    const { near, hint } = await nearby(this.files, file, /\.(ya?ml|txt|toml)$/i, base)
    if (kind === 'folder') this.wrong(cursor, key, `${file} is a folder`, { sent, hint: 'name a file in it' })
    else this.wrong(cursor, key, `there is no file ${file}${near}`, { sent, hint })
    return undefined
  }

  /** Reads the text file named at a key in its place. */
  async inlineText(cursor: Cursor, key: string, sent: string): Promise<void> {
    const file = await this.#included(cursor, key, sent)
    if (file !== undefined) cursor.map[key] = await this.text(file)
  }

  /**
   * Reads the YAML file named at a key in its place and answers a cursor on it, whose relative paths start from that
   * file's folder. Undefined after recording a problem: no file, not a map, or a file that includes itself.
   */
  async inlineYaml(cursor: Cursor, key: string): Promise<Cursor | undefined> {
    const sent = String(own(cursor.map, key))
    const file = await this.#included(cursor, key, sent)
    if (file === undefined) return undefined
    const { chain } = cursor.home
    if (chain.includes(file)) {
      const path = [...chain.slice(chain.indexOf(file)), file].join(' → ')
      this.wrong(cursor, key, `the files include each other: ${path}`, { sent, hint: 'remove one of these references' })
      return undefined
    }
    if (++this.#includes > mostIncludes || chain.length > deepestChain) {
      const message = `more than ${mostIncludes} files are included, or ${deepestChain} one inside the other`
      throw refusal({ message, hint: 'register components and refer to them' }, this.origins.place(cursor.map, key))
    }
    const value = await this.yaml(file)
    if (!isMap(value)) {
      this.wrong(cursor, key, `${file} does not hold a map of properties`, { sent })
      return undefined
    }
    cursor.map[key] = value
    return { map: value, pointer: [...cursor.pointer, key], home: this.home(file, chain) }
  }
}

function unreadable(file: string, cause: unknown): HaganeError {
  if (cause instanceof HaganeError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const encoding = cause instanceof TypeError && /encod|utf-?8/i.test(reason)
  return refusal(
    encoding
      ? { message: 'the file is not UTF-8 text', hint: 'save it as UTF-8' }
      : { message: `the file cannot be read: ${reason}` },
    { file },
  )
}

import type { Client } from '@hagane/contract'
import type { Manifest } from '@hagane/manifest'
import type { Flags, OptionsOf } from './grammar/flags.ts'
import type { GlobalOptions } from './grammar/globals.ts'
import type { Column } from './output/table.ts'
import type { Settings } from './settings/settings.ts'
import type { Surroundings } from './terminal/terminal.ts'

/** What a verb takes without a flag in front of it. */
export interface Argument {
  readonly spelling: string
  readonly summary: string
  readonly choices?: readonly string[]
}

/** One command: `hagane <noun> <verb>`. `run` answers the exit code when it is not 0. */
export interface Verb {
  readonly name: string
  readonly summary: string
  readonly description?: string
  readonly examples: readonly string[]
  readonly argument?: Argument
  readonly flags: Flags
  run(call: Invocation, options: Record<string, unknown>): Promise<number | undefined>
}

/** The commands of one kind of thing; a noun whose only verb is '' is a command by itself (`hagane status`). */
export interface Noun {
  readonly name: string
  readonly summary: string
  readonly verbs: readonly Verb[]
}

interface Definition<F extends Flags> {
  name: string
  summary: string
  description?: string
  examples: readonly string[]
  argument?: Argument
  flags: F
  run(call: Invocation, options: OptionsOf<F>): Promise<number | undefined> | Promise<void>
}

/** Declares a verb; the options handed to `run` are typed by its flags. */
export function verb<const F extends Flags>(definition: Definition<F>): Verb {
  return {
    ...definition,
    run: async (call, options) => (await definition.run(call, options as OptionsOf<F>)) ?? undefined,
  }
}

/** All a verb may use: the client, the settings, and the ways to print. */
export interface Invocation {
  readonly args: readonly string[]
  /** Every noun of the CLI, loaded now. */
  loadNouns(): Promise<readonly Noun[]>
  readonly globals: GlobalOptions
  readonly settings: Settings
  /** Asks in the chosen workspace. */
  readonly client: Client
  /** Asks the server as such, outside any workspace. */
  /** The workspace in use, also where `--registry-name` makes `client` that of a registry. */
  readonly workspaceClient: Client
  readonly serverClient: Client
  readonly surroundings: Surroundings
  /** The manifests that were read for this call: what the server says of their properties is told with file and line. */
  readonly manifests: Pick<Manifest, 'locate' | 'warnings'>[]
  /** Called as `hagane az ml …`. */
  readonly likeAz: boolean
  /** `-o` or `--query` was given, so stdout is for the result alone. */
  readonly resultIsWanted: boolean
  /** Prints a result as `-o` and `--query` say. `columns` are those of the noun's table. */
  print<Row>(value: Row | readonly Row[], columns?: readonly Column<Row>[]): Promise<void>
  /** A remark for people, on stderr; silent with --only-show-errors. */
  note(text: string): void
  /** A remark that matters, on stderr; silent with --only-show-errors. */
  warn(text: string): void
}

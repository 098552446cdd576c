import type { Invocation } from '../invocation.ts'
import type { Flags, OptionsOf } from './flags.ts'

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

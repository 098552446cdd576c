/**
 * A flag declared once; parsing, help and shell completion are all made from it. `spelling` is commander's:
 * `-f, --file <path>`, `--set <assignments...>`, `--local [bool]`. `Value` exists for the type checker only.
 */
export interface Flag<Value = unknown> {
  readonly kind: 'text' | 'count' | 'toggle' | 'list'
  readonly spelling: string
  readonly summary: string
  readonly required?: boolean
  readonly choices?: readonly string[]
  /** Accepted because `az ml` has it, but without effect here; help and completion leave it out. */
  readonly ignored?: boolean
  readonly value?: Value
}

export type Flags = Record<string, Flag>
export type OptionsOf<F extends Flags> = { [K in keyof F]: F[K] extends Flag<infer Value> ? Value : never }

type More = { choices?: readonly string[]; ignored?: boolean }

/** A flag with one word of text. */
export const text = (spelling: string, summary: string, more: More = {}): Flag<string | undefined> => ({
  kind: 'text',
  spelling,
  summary,
  ...more,
})

/** A flag without which the verb refuses to run. */
export const requiredText = (spelling: string, summary: string, more: More = {}): Flag<string> => ({
  kind: 'text',
  spelling,
  summary,
  required: true,
  ...more,
})

/** A whole number, zero or more. */
export const count = (spelling: string, summary: string, more: More = {}): Flag<number | undefined> => ({
  kind: 'count',
  spelling,
  summary,
  ...more,
})

/** On or off. With `[bool]` in the spelling it also takes `true` or `false`, as some of Azure's do. */
export const toggle = (spelling: string, summary: string, more: More = {}): Flag<boolean> => ({
  kind: 'toggle',
  spelling,
  summary,
  ...more,
})

/** Words up to the next flag; given several times, they add up. */
export const list = (spelling: string, summary: string, more: More = {}): Flag<string[]> => ({
  kind: 'list',
  spelling,
  summary,
  ...more,
})

/** The long name without dashes: `-f, --file <path>` -> `file`. */
export function longName(flag: Flag): string {
  const match = /--([a-z0-9-]+)/.exec(flag.spelling)
  if (match?.[1] === undefined) throw new Error(`flag without a long name: ${flag.spelling}`)
  return match[1]
}

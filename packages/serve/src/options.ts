import { HaganeError } from '@hagane/contract'

/** Where the packages that a model needs come from: an environment built for it, or the Python that is there. */
export const environmentManagers = ['lock', 'local'] as const

export interface ServeOptions {
  /** A model's folder or file, or the folder of a package. */
  readonly target: string
  readonly host: string
  /** undefined: 5001, or a free port when that is taken. */
  readonly port?: number | undefined
  readonly workers: number
  readonly environmentManager: (typeof environmentManagers)[number]
  /** Interpreter for `local`; `python3` of the PATH by default. */
  readonly python?: string | undefined
  /** What callers have to send as `Authorization: Bearer <key>`; undefined asks for nothing. */
  readonly key?: string | undefined
  /** Keep predictions and logs here instead of in a folder that is removed at the end. */
  readonly data?: string | undefined
  /** Open a pickle without a scoring script, which runs whatever code is in it. */
  readonly allowPickle?: boolean | undefined
  /** Build the environment and end, as an image's build does. */
  readonly prepareOnly?: boolean | undefined
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

/** Refuses to answer other machines without asking for a key, unless that is said to be wanted. */
export function checkAccess({ host, key }: Pick<ServeOptions, 'host' | 'key'>, isOpen: boolean): void {
  if (loopback.has(host) || key !== undefined || isOpen) return
  throw new HaganeError('invalid', `--host ${host} lets other machines in, and no key is asked for`, {
    hint: 'set HAGANE_SERVE_KEY to what callers have to send as Authorization: Bearer <key>, or say --no-key',
  })
}

/** A whole number from a flag. Throws `invalid` that names it. */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new HaganeError('invalid', `${flag} must be a whole number from ${least} to ${most}, found '${text}'`)
}

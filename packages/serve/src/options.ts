import { HaganeError } from '@hagane/contract'

/** Where the packages that a model needs come from: an environment built for it, or the Python that is there. */
export const environmentManagers = ['lock', 'local'] as const
type EnvironmentManager = (typeof environmentManagers)[number]

export interface ServeOptions {
  /** A model's folder or file, or the folder of a package. */
  readonly target: string
  readonly host: string
  /** undefined: 5001, or a free port when that is taken. */
  readonly port?: number | undefined
  readonly workers: number
  readonly environmentManager: EnvironmentManager
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

/** What a command line says, its numbers still as they were written. */
export interface ServeWords {
  readonly target: string
  readonly host?: string | undefined
  readonly port?: string | number | undefined
  readonly workers?: string | number | undefined
  readonly envManager?: string | undefined
  readonly python?: string | undefined
  readonly data?: string | undefined
  readonly noKey?: boolean | undefined
  readonly allowPickle?: boolean | undefined
  readonly prepare?: boolean | undefined
}

/** Reads a command line; the key is HAGANE_SERVE_KEY. Throws `invalid` that names the flag and what it takes. */
export function serveOptions(words: ServeWords, env: NodeJS.ProcessEnv): ServeOptions {
  const { target, host = '127.0.0.1', port, workers = 1, python, data, noKey, allowPickle, prepare } = words
  if (target.trim() === '') throw new HaganeError('invalid', 'the model is empty: name a folder, a file or a package')
  for (const [flag, value] of Object.entries({ host, python, data }))
    if (value?.trim() === '') throw new HaganeError('invalid', `--${flag} is empty: name one, or leave the flag out`)
  const key = noKey === true ? undefined : env.HAGANE_SERVE_KEY || undefined
  checkAccess(host, key, noKey === true)
  return {
    ...{ target, host, python, data, key, allowPickle, prepareOnly: prepare },
    port: port === undefined ? undefined : wholeNumber('--port', port, 0, 65_535),
    workers: wholeNumber('--workers', workers, 1, 256),
    environmentManager: environmentManagerOf(words.envManager, python),
  }
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

/** Refuses to answer other machines without asking for a key, unless that is said to be wanted. */
function checkAccess(host: string, key: string | undefined, isOpen: boolean): void {
  if (loopback.has(host) || key !== undefined || isOpen) return
  throw new HaganeError('invalid', `--host ${host} lets other machines in, and no key is asked for`, {
    hint: 'set HAGANE_SERVE_KEY to what callers have to send as Authorization: Bearer <key>, or say --no-key',
  })
}

function wholeNumber(flag: string, given: string | number, least: number, most: number): number {
  const value = Number(given)
  if (/^\d+$/.test(String(given)) && value >= least && value <= most) return value
  throw new HaganeError('invalid', `${flag} must be a whole number from ${least} to ${most}, found '${given}'`)
}

/** Who names an interpreter wants that one, so `--python` alone means `local`. */
function environmentManagerOf(asked: string | undefined, python: string | undefined): EnvironmentManager {
  const found = environmentManagers.find(one => one === (asked ?? (python === undefined ? 'lock' : 'local')))
  if (found === undefined)
    throw new HaganeError('invalid', `--env-manager must be one of ${environmentManagers.join(', ')}, found '${asked}'`)
  if (found === 'lock' && python !== undefined)
    throw new HaganeError('invalid', `--python ${python} is not used with --env-manager lock`, {
      hint: 'leave out --env-manager to serve with that Python, or --python to have the environment built',
    })
  return found
}

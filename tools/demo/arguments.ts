import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const usage = `Usage: npm run demo [-- --exit] [-- --loop] [-- --data DIR]

Runs the flights example on a server of its own: environment, data, pipeline, model, endpoint, lineage, audit trail.

  --data DIR  keep everything in this folder; a second run reuses what did not change (default: a temporary folder)
  --exit      stop the server at the end, also on a terminal
  --loop      go on to the summer: the monitor notices it, a rule trains again, gate and canary decide
`

export interface DemoArguments {
  readonly help: boolean
  readonly exit: boolean
  readonly loop: boolean
  /** Absolute path; undefined asks for a temporary folder. */
  readonly data?: string
}

/** Reads the command line; an unknown flag throws a TypeError that names it. */
export function readArguments(args: string[]): DemoArguments {
  const options = {
    help: { type: 'boolean', short: 'h' },
    exit: { type: 'boolean' },
    loop: { type: 'boolean' },
    data: { type: 'string' },
  } as const
  const { values } = parseArgs({ args, options })
  return {
    help: values.help ?? false,
    exit: values.exit ?? false,
    loop: values.loop ?? false,
    ...(values.data === undefined ? {} : { data: resolve(values.data) }),
  }
}

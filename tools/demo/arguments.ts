import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const usage = `Usage: npm run demo [-- --exit] [-- --winter] [-- --data DIR]

Runs the flights example on a server of its own: environment, data, pipeline, model, endpoint. Then summer comes: a monitor
notices it, a rule trains again, a gate compares, a canary rolls out; a second candidate is refused by the gate, a third is
turned back by its canary. The lineage of a prediction and the audit trail close it.

  --data DIR  keep everything in this folder; a second run reuses what did not change (default: a temporary folder)
  --exit      stop the server at the end, also on a terminal
  --winter    leave the summer out
`

export interface DemoArguments {
  readonly help: boolean
  readonly exit: boolean
  /** Without the summer. */
  readonly winter: boolean
  /** Absolute path; undefined asks for a temporary folder. */
  readonly data?: string
}

/** Reads the command line; an unknown flag throws a TypeError that names it. */
export function readArguments(args: string[]): DemoArguments {
  const options = {
    help: { type: 'boolean', short: 'h' },
    exit: { type: 'boolean' },
    winter: { type: 'boolean' },
    data: { type: 'string' },
  } as const
  const { values } = parseArgs({ args, options })
  return {
    help: values.help ?? false,
    exit: values.exit ?? false,
    winter: values.winter ?? false,
    ...(values.data === undefined ? {} : { data: resolve(values.data) }),
  }
}

import { parseArgs } from 'node:util'
import { HaganeError } from '@hagane/contract'
import { type ServeOptions, serveOptions } from './options.ts'
import { failureLines, harmless, runServe } from './run.ts'

/** Entry of the program that a package carries: the same as `hagane serve`, in one file. */
const usage = `Usage: serve.mjs <folder|file> [--host HOST] [--port PORT] [--workers N] [--env-manager lock|local]
                 [--python PROGRAM] [--data FOLDER] [--no-key] [--allow-pickle] [--prepare]`

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const flags = {
  host: text,
  port: text,
  workers: text,
  'env-manager': text,
  python: text,
  data: text,
  'no-key': flag,
  'allow-pickle': flag,
  prepare: flag,
  debug: flag,
  help: flag,
}

function readArguments(args: string[], env: NodeJS.ProcessEnv): ServeOptions | undefined {
  const { values, positionals } = parsed(args)
  if (values.help === true) return undefined
  const [target, ...more] = positionals
  if (target === undefined || more.length > 0)
    throw invalid(`one folder or file has to be named, found ${positionals.join(' ') || 'none'}`)
  const { 'env-manager': envManager, 'no-key': noKey, 'allow-pickle': allowPickle, ...same } = values
  return serveOptions({ ...same, target, envManager, noKey, allowPickle }, env)
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: flags, strict: true, allowPositionals: true })
  } catch (error) {
    throw invalid((error as Error).message)
  }
}

const invalid = (message: string): HaganeError => new HaganeError('invalid', message, { hint: usage })

async function main(): Promise<number> {
  try {
    const options = readArguments(process.argv.slice(2), process.env)
    if (options === undefined) {
      console.log(usage)
      return 0
    }
    return await runServe(options, { env: process.env, say: line => console.log(harmless(line)), onInterrupt })
  } catch (error) {
    for (const line of failureLines(error, process.argv.includes('--debug'))) console.error(harmless(line))
    return 1
  }
}

function onInterrupt(listener: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}

process.exitCode = await main()

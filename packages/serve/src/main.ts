import { parseArgs } from 'node:util'
import { HaganeError } from '@hagane/contract'
import { checkAccess, environmentManagers, type ServeOptions, wholeNumber } from './options.ts'
import { failureLines, runServe } from './run.ts'

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
  help: flag,
}

function readArguments(args: string[], env: NodeJS.ProcessEnv): ServeOptions | undefined {
  const { values, positionals } = parsed(args)
  if (values.help === true) return undefined
  const [target, ...more] = positionals
  if (target === undefined || more.length > 0) throw invalid('one folder or file has to be named')
  const manager = environmentManagers.find(one => one === (values['env-manager'] ?? 'lock'))
  if (manager === undefined) throw invalid(`--env-manager must be one of ${environmentManagers.join(', ')}`)
  const { host = '127.0.0.1', port, workers = '1', python, data } = values
  const key = env.HAGANE_SERVE_KEY || undefined
  checkAccess({ host, key }, values['no-key'] === true)
  return {
    target,
    host,
    port: port === undefined ? undefined : wholeNumber('--port', port, 0, 65_535),
    workers: wholeNumber('--workers', workers, 1, 256),
    environmentManager: manager,
    python,
    data,
    key: values['no-key'] === true ? undefined : key,
    allowPickle: values['allow-pickle'],
    prepareOnly: values.prepare,
  }
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
    return await runServe(options, { env: process.env, say: line => console.log(line), onInterrupt })
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    for (const line of failureLines(error)) console.error(line)
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

import { homedir, userInfo } from 'node:os'
import { catalogue } from './catalogue.ts'
import { exitCodes, reportFailure } from './failure.ts'
import { didYouMean } from './grammar/nearest.ts'
import { UsageError } from './grammar/usage-error.ts'
import { rootHelp } from './help.ts'
import type { Surroundings } from './terminal/terminal.ts'
import { version } from './version.ts'

/**
 * Runs one command line (without `node` and the script) and answers the exit code: 0 done, 1 failed, 2 not understood,
 * 3 no server, 130 interrupted. Prints, never throws.
 */
export async function main(argv: readonly string[], surroundings: Surroundings = ofThisProcess()): Promise<number> {
  try {
    return await dispatch(argv, surroundings)
  } catch (error) {
    return reportFailure(error, argv.includes('--debug'), surroundings)
  }
}

async function dispatch(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { words, likeAz } = withoutPrefix(argv)
  if (likeAz === 'other') {
    const { runOtherAz } = await import('./az.ts')
    return runOtherAz(words, surroundings)
  }
  const [name, ...rest] = words
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    surroundings.stdout.write(rootHelp())
    return exitCodes.ok
  }
  if (name === '--version') {
    surroundings.stdout.write(`hagane ${version}\n`)
    return exitCodes.ok
  }
  return name === 'help'
    ? runNoun(rest[0] ?? '', ['--help'], false, surroundings)
    : runNoun(name, rest, likeAz, surroundings)
}

/** `hagane az ml job list` and `hagane ml job list` are `hagane job list`; other `az` commands are a chapter of their own. */
function withoutPrefix(argv: readonly string[]): { words: readonly string[]; likeAz: boolean | 'other' } {
  if (argv[0] === 'ml') return { words: argv.slice(1), likeAz: false }
  if (argv[0] !== 'az') return { words: argv, likeAz: false }
  return argv[1] === 'ml' ? { words: argv.slice(2), likeAz: true } : { words: argv.slice(1), likeAz: 'other' }
}

async function runNoun(
  name: string,
  argv: readonly string[],
  likeAz: boolean,
  surroundings: Surroundings,
): Promise<number> {
  const entry = catalogue.find(candidate => candidate.name === name)
  if (entry === undefined) throw unknownNoun(name)
  const [{ noun }, { parse }] = await Promise.all([entry.load(), import('./grammar/parse.ts')])
  const parsed = parse(noun, argv)
  if (parsed.kind === 'help') {
    surroundings.stdout.write(parsed.text)
    return exitCodes.ok
  }
  const { buildInvocation } = await import('./build-invocation.ts')
  const { globals, args } = parsed
  const call = await buildInvocation({ globals, args, likeAz, loadNouns, surroundings })
  try {
    return (await parsed.verb.run(call, parsed.options)) ?? exitCodes.ok
  } catch (error) {
    if (call.manifests.length === 0) throw error
    const { withPlaces } = await import('./manifest/places.ts')
    throw withPlaces(error, call.manifests)
  }
}

const loadNouns = () => Promise.all(catalogue.map(async entry => (await entry.load()).noun))

function unknownNoun(name: string): UsageError {
  if (name.startsWith('-')) return new UsageError(`a noun comes first, then flags like ${name}`, 'see hagane --help')
  const names = [...catalogue.map(entry => entry.name), 'up']
  return new UsageError(`there is no '${name}'`, didYouMean(name, names, 'hagane --help lists what there is'))
}

function ofThisProcess(): Surroundings {
  process.stdout.on('error', leaveQuietly)
  process.stderr.on('error', leaveQuietly)
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    user: userName(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt: (listener, andTermination) => {
      const signals = andTermination === true ? (['SIGINT', 'SIGTERM'] as const) : (['SIGINT'] as const)
      for (const signal of signals) process.once(signal, listener)
      return () => {
        for (const signal of signals) process.off(signal, listener)
      }
    },
  }
}

/** The reader of a pipe is gone (`hagane job list | head`): nothing more to say. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok)
  throw error
}

function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
    return process.env.USER ?? 'unknown'
  }
}

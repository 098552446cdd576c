import { spawn } from 'node:child_process'
import { plainEnvironment } from './processes.ts'
import { haganeExecutable } from './server.ts'

/** A command of the CLI that failed, with what it told its user. */
export class CommandFailed extends Error {
  readonly command: string
  readonly output: string
  /** What it printed as its result all the same. */
  readonly out: string

  constructor(command: string, output: string, out = '') {
    super(`${command} failed:\n${output}`)
    this.name = 'CommandFailed'
    this.command = command
    this.output = output
    this.out = out
  }
}

/** What a command wrote: results to `out`, notes for people to `err`. */
export interface Output {
  readonly out: string
  readonly err: string
}

/** The public command line against one server. `folder` is where its relative file names start. */
export interface Cli {
  /** Runs a command to its end; throws CommandFailed when its exit code is not 0. */
  run(...args: string[]): Promise<Output>
  /** The same with `--output json`, parsed. */
  json<T>(...args: string[]): Promise<T>
  /** How a user types the command, the server's address included. */
  typed(...args: string[]): string
}

/** Builds the command line against the server at `url`. */
export function cliOf(url: string, folder: string): Cli {
  const run = (...args: string[]) => runToEnd(args, url, folder)
  return {
    run,
    json: async (...args) => JSON.parse((await run(...args, '--output', 'json')).out),
    typed: (...args) => typed(url, args),
  }
}

const typed = (url: string, args: readonly string[]): string =>
  `HAGANE_URL=${url} npx hagane ${args.map(quoted).join(' ')}`

const quoted = (arg: string): string => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)

function runToEnd(args: readonly string[], url: string, folder: string): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [haganeExecutable, ...args], {
      cwd: folder,
      env: plainEnvironment({ HAGANE_URL: url }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', text => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      err += text
    })
    child.on('error', reject)
    child.on('close', code =>
      code === 0 ? resolve({ out, err }) : reject(new CommandFailed(typed(url, args), err || out, out)),
    )
  })
}

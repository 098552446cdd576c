import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { main } from '../main.ts'
import type { Sink, Surroundings } from '../terminal/terminal.ts'

/** What one run of the CLI left behind. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Options {
  env?: Record<string, string>
  cwd?: string
  /** Makes stdout and stderr terminals. */
  terminal?: boolean
  input?: string
  /** Called with a function that acts like Ctrl-C. */
  onStart?: (interrupt: () => void) => void
}

export interface Collector extends Sink {
  readonly text: string
}

/** A sink that remembers everything. */
export function collector(isTTY = false): Collector {
  const chunks: Buffer[] = []
  return {
    isTTY,
    columns: 100,
    write: chunk => chunks.push(Buffer.from(chunk)),
    get text() {
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}

const root = mkdtempSync(join(tmpdir(), 'hagane-cli-'))
// files of tests share this module, so the folder is theirs until the process ends
process.once('exit', () => rmSync(root, { recursive: true, force: true }))

/** A new empty folder; gone when the tests are over. */
export const newFolder = (): string => mkdtempSync(join(root, 'f-'))

/** Surroundings that share nothing with this process: an empty home, no variables, no input. */
export function surroundingsOf(options: Options, stdout: Sink, stderr: Sink): Surroundings {
  const interrupts: (() => void)[] = []
  options.onStart?.(() => {
    for (const listener of interrupts) listener()
  })
  return {
    env: { ...options.env },
    cwd: options.cwd ?? newFolder(),
    home: newFolder(),
    user: 'tester',
    stdin: Readable.from([options.input ?? '']),
    stdout,
    stderr,
    onInterrupt: listener => {
      interrupts.push(listener)
      return () => interrupts.splice(interrupts.indexOf(listener), 1)
    },
  }
}

/** Runs the CLI in this process and collects what it prints. */
export async function runCli(argv: readonly string[], options: Options = {}): Promise<Ran> {
  const stdout = collector(options.terminal)
  const stderr = collector(options.terminal)
  const code = await main(argv, surroundingsOf(options, stdout, stderr))
  return { code, out: stdout.text, err: stderr.text }
}

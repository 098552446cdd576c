import { stripVTControlCharacters, styleText } from 'node:util'

/** The part of a writable stream that the CLI uses; tests hand in a collector. */
export interface Sink {
  write(chunk: string | Uint8Array): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** What surrounds one run of the CLI. Nothing below `main` touches `process` for these. */
export interface Surroundings {
  readonly env: Record<string, string | undefined>
  readonly cwd: string
  readonly home: string
  readonly user: string
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  readonly stdout: Sink
  readonly stderr: Sink
  /** Calls back at the first Ctrl-C, and with `andTermination` also when a supervisor ends the process; the answer undoes it. */
  onInterrupt(listener: () => void, andTermination?: boolean): () => void
}

export type Style = Parameters<typeof styleText>[0]

/** Colours only where a person reads: a terminal, and NO_COLOR unset or empty (no-color.org). */
export function hasColours(sink: Sink, env: Record<string, string | undefined>): boolean {
  return sink.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** Paints text, or leaves it as it is. */
export function paint(style: Style, text: string, coloured: boolean): string {
  return coloured ? styleText(style, text, { validateStream: false }) : text
}

/**
 * Text of others (names, messages) made harmless for a terminal: control sequences and control characters other than
 * line breaks and tabs are taken out.
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, control => (/[\n\t]/.test(control) ? control : ''))
}

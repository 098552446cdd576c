/** One line of the closing story: what happened, and the command that shows it. */
export interface Told {
  readonly what: string
  readonly command: string
}

/** What the acts of the demo say: progress while it happens, the story at the end. */
export interface Telling {
  /** A line of progress with the time since the start. */
  progress(text: string): void
  /** Adds a line to the story. */
  story(what: string, command: string): void
  /** The whole story, for the end. */
  toText(): string
}

/** Writes progress to `out` at once and keeps the story. */
export function telling(out: NodeJS.WritableStream, startedAt = performance.now()): Telling {
  const told: Told[] = []
  return {
    progress: text => void out.write(`${elapsed(startedAt)}  ${text}\n`),
    story: (what, command) => void told.push({ what, command }),
    toText: () => told.map(line => `  ${line.what}\n    ${line.command}`).join('\n'),
  }
}

const elapsed = (startedAt: number): string => `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`

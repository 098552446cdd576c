/**
 * Collects text and hands out whole lines with a prefix. Of a line that a progress bar wrote over and over with carriage
 * returns, only the last state is kept.
 */
export class PrefixedLines {
  #open = ''
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  take(text: string): string {
    const lines = (this.#open + text).split('\n')
    this.#open = lines.pop() ?? ''
    return lines.map(line => this.#prefixed(line)).join('')
  }

  /** The last line, when it did not end with a line break. */
  rest(): string {
    const open = this.#open
    this.#open = ''
    return open === '' ? '' : this.#prefixed(open)
  }

  #prefixed(line: string): string {
    const visible = line.replace(/\r$/, '')
    return `${this.#prefix}${visible.slice(visible.lastIndexOf('\r') + 1)}\n`
  }
}

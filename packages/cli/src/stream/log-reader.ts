import { type Client, jobRoutes } from '@hagane/contract'

/** Reads the log of one job piece by piece, remembering how far it got; never splits a character. */
export class LogReader {
  #offset = 0
  readonly #decoder = new TextDecoder()
  readonly #client: Client
  readonly name: string

  constructor(client: Client, name: string) {
    this.#client = client
    this.name = name
  }

  /** What came since the last call; waits up to `wait` seconds for something to come. */
  async read(wait: number, signal: AbortSignal): Promise<string> {
    const query = { offset: this.#offset, wait }
    const response = await this.#client.raw(jobRoutes.log, { params: { name: this.name }, query, signal })
    const bytes = new Uint8Array(await response.arrayBuffer())
    this.#offset += bytes.length
    return this.#decoder.decode(bytes, { stream: true })
  }

  /** What a cut character at the very end leaves over. */
  rest(): string {
    return this.#decoder.decode()
  }
}

import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

export interface StoredObject {
  readonly key: string
  /** bytes */
  readonly size: number
}

/** Storage that is reached over HTTP: keys with bytes behind them, no folders. */
export interface ObjectStore {
  /** All objects whose key begins with this; missing where there are no listings. */
  list?(prefix: string): AsyncIterable<StoredObject>
  /** Throws not_found. */
  open(key: string): Promise<IncomingMessage>
  /** Writes a whole object in one request; `open` is called again for each attempt. */
  put(key: string, size: number, open: () => Readable): Promise<void>
}

/** A body to POST. */
export interface Posting {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** From the first byte out to the last byte in. */
  readonly timeoutMs: number
}

/** What came of a posting: the status of an answer, or why there is none. */
export interface Answer {
  readonly status?: number
  readonly error?: string
  /** Begin of the body of an answer that is not 2xx. */
  readonly excerpt?: string
  /** Seconds that the receiver asks to wait (`Retry-After`, RFC 9110). */
  readonly retryAfter?: number
  readonly ms: number
}

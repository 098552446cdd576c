import { hash, timingSafeEqual } from 'node:crypto'
import { type GatewayEndpoint, HaganeError } from '@hagane/contract'

/** Headers with an accepted key that are remembered, since hashing one costs a request a twentieth of the gateway's time. */
const mostRemembered = 64

/** Who may call an endpoint: hashes of its keys, and of tokens until they expire. */
export class Credentials {
  readonly #keys: Buffer[]
  readonly #accepted = new Set<string>()
  readonly #tokens: { sha256: Buffer; expiresAt: number }[]

  constructor(endpoint: Pick<GatewayEndpoint, 'key_hashes' | 'token_hashes'>) {
    this.#keys = endpoint.key_hashes.map(text => Buffer.from(text, 'hex'))
    this.#tokens = endpoint.token_hashes.map(token => ({
      sha256: Buffer.from(token.sha256, 'hex'),
      expiresAt: Date.parse(token.expires_at),
    }))
  }

  /** Throws `unauthenticated` unless `authorization` is `Bearer <accepted key or token>`. */
  check(authorization: string | undefined): void {
    if (authorization === undefined) throw refused('no credentials were sent')
    if (this.#accepted.has(authorization)) return
    if (!/^bearer /i.test(authorization)) throw refused('the Authorization header is not of the form "Bearer <key>"')
    const sent = hash('sha256', authorization.slice(7).trim(), 'buffer')
    const key = this.#keys.some(known => timingSafeEqual(known, sent))
    if (key) {
      if (this.#accepted.size < mostRemembered) this.#accepted.add(authorization)
      return
    }
    const token = this.#tokens.find(known => timingSafeEqual(known.sha256, sent))
    if (token === undefined) throw refused('the key or token is not accepted by this endpoint')
    if (token.expiresAt <= Date.now()) throw refused('the token has expired')
  }
}

const refused = (why: string): HaganeError =>
  new HaganeError('unauthenticated', why, {
    hint: 'send Authorization: Bearer <key>; `hagane online-endpoint get-credentials` shows the keys',
  })

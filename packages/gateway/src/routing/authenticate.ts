import { hash, timingSafeEqual } from 'node:crypto'
import { type GatewayEndpoint, HaganeError, type RateLimit } from '@hagane/contract'
import { TokenBucket } from './token-bucket.ts'

/** Headers with an accepted key that are remembered, since hashing one costs a request a twentieth of the gateway's time. */
const mostRemembered = 64

type Known = { sha256: Buffer; expiresAt?: number; bucket: TokenBucket | undefined }

/** Who may call an endpoint, and how often: hashes of its keys, and of tokens until they expire. */
export class Credentials {
  readonly #known: Known[]
  readonly #accepted = new Map<string, Known>()
  readonly #limit: RateLimit | undefined
  readonly #isOpen: boolean

  /** `before`: the credentials that these replace; a key that stays keeps what it has used of its rate. */
  constructor(
    endpoint: Pick<GatewayEndpoint, 'key_hashes' | 'token_hashes' | 'rate_limit' | 'is_open'>,
    before?: Credentials | undefined,
  ) {
    const { key_hashes, token_hashes, rate_limit } = endpoint
    this.#limit = rate_limit
    this.#isOpen = endpoint.is_open === true
    const bucketOf = (sha256: Buffer): TokenBucket | undefined => {
      if (rate_limit === undefined) return undefined
      const kept = before?.bucketOf(sha256, rate_limit)
      return kept ?? new TokenBucket(rate_limit)
    }
    const known = (hex: string): Known => {
      const sha256 = Buffer.from(hex, 'hex')
      return { sha256, bucket: bucketOf(sha256) }
    }
    this.#known = [
      ...key_hashes.map(known),
      ...token_hashes.map(one => ({ ...known(one.sha256), expiresAt: Date.parse(one.expires_at) })),
    ]
  }

  /** Throws `unauthenticated` unless `authorization` is `Bearer <accepted key or token>`, `rate_limited` when it asks too often. */
  check(authorization: string | undefined): void {
    if (this.#isOpen) return
    if (authorization === undefined) throw refused('no credentials were sent')
    const remembered = this.#accepted.get(authorization)
    if (remembered !== undefined) {
      remembered.bucket?.take()
      return
    }
    if (!/^bearer /i.test(authorization)) throw refused('the Authorization header is not of the form "Bearer <key>"')
    const known = this.#find(hash('sha256', authorization.slice(7).trim(), 'buffer'))
    if (known === undefined) throw refused('the key or token is not accepted by this endpoint')
    if (known.expiresAt !== undefined && known.expiresAt <= Date.now()) throw refused('the token has expired')
    if (known.expiresAt === undefined && this.#accepted.size < mostRemembered) this.#accepted.set(authorization, known)
    known.bucket?.take()
  }

  /** What a key has used of a rate, if it is still that rate. */
  bucketOf(sha256: Buffer, limit: RateLimit): TokenBucket | undefined {
    return sameLimit(limit, this.#limit) ? this.#find(sha256)?.bucket : undefined
  }

  #find(sent: Buffer): Known | undefined {
    return this.#known.find(known => timingSafeEqual(known.sha256, sent))
  }
}

const sameLimit = (a: RateLimit, b: RateLimit | undefined): boolean =>
  a.per_second === b?.per_second && a.burst === b.burst

export const isLoopbackAddress = (address: string | undefined): boolean => ownAddress.test(address ?? '')

const ownAddress = /^(?:::ffff:)?127\.|^::1$/
const ownName = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i

/** An endpoint made with `--local` asks for no key and answers this machine only, by its own name: no web page reaches it by another. */
export function admitLocal(endpoint: string, address: string | undefined, host: string | undefined): void {
  if (isLoopbackAddress(address) && ownName.test(host ?? '')) return
  throw new HaganeError('forbidden', `endpoint '${endpoint}' is local: it answers callers on this machine only`, {
    hint: 'create it without --local to call it with a key from elsewhere',
  })
}

const refused = (why: string): HaganeError =>
  new HaganeError('unauthenticated', why, {
    hint: 'send Authorization: Bearer <key>; `hagane online-endpoint get-credentials` shows the keys',
  })

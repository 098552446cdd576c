import { randomBytes } from 'node:crypto'
import { HaganeError, type SubscriptionChannel, subscriptionChannel } from '@hagane/contract'
import type { Secrets } from '../../../kernel/secrets.ts'

/** Addresses whose path is the credential. */
const secretAddresses = ['slack', 'teams', 'chat']

/** A channel as people may see it: no secrets, no query, and of an address that is itself a credential only the host. */
export function shownChannel(channel: SubscriptionChannel): Record<string, unknown> {
  const { headers, secret, routing_key, token, url, ...rest } = channel as unknown as Record<string, unknown>
  return {
    ...rest,
    ...(typeof url === 'string' ? { url: shownUrl(url, secretAddresses.includes(channel.type)) } : {}),
    ...(headers === undefined ? {} : { headers: Object.keys(headers as object) }),
  }
}

function shownUrl(text: string, isSecret: boolean): string {
  const url = new URL(text)
  if (isSecret) return `${url.origin}/…`
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`
}

/** A secret is also noticed where a text breaks off within it, if so much of it is there. */
const SHORTEST_PART = 8

/** What must not be told of a channel: receivers repeat what they were sent, and what they say is kept in the log. */
function secretsOf(channel: SubscriptionChannel): string[] {
  const { headers, secret, routing_key, token, url } = channel as unknown as Record<string, unknown>
  const { pathname, search } = new URL(typeof url === 'string' ? url : 'http://none')
  const credentials = Object.values((headers ?? {}) as Record<string, string>).flatMap(value => [
    value,
    value.replace(/^\w+ /, ''),
  ])
  const texts = [secret, String(secret ?? '').replace(/^whsec_/, ''), routing_key, token, ...credentials]
  const address = secretAddresses.includes(channel.type)
    ? [`${pathname}${search}`, pathname, search.slice(1)]
    : [search.slice(1)]
  return [...texts, ...address]
    .filter((text): text is string => typeof text === 'string' && text.length > 3)
    .sort((a, b) => b.length - a.length)
}

/** Takes the secrets of a channel out of a text. */
export function hidingSecrets(channel: SubscriptionChannel): (text: string) => string {
  const secrets = secretsOf(channel)
  return text => {
    const hidden = secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text)
    const broken = Math.max(0, ...secrets.map(secret => beginningAtEnd(hidden, secret)))
    return broken === 0 ? hidden : `${hidden.slice(0, -broken)}***`
  }
}

/** How much of a secret's beginning stands at the end of a text. */
function beginningAtEnd(text: string, secret: string): number {
  for (let length = secret.length - 1; length >= SHORTEST_PART; length--)
    if (text.endsWith(secret.slice(0, length))) return length
  return 0
}

/** The channel with what it is signed by: as given, as it was before, or made up; `made` tells the one that was made up. */
export function withSecret(
  channel: SubscriptionChannel,
  before: SubscriptionChannel | undefined,
): { channel: SubscriptionChannel; made?: string } {
  if (channel.type !== 'webhook' || channel.secret !== undefined) return { channel }
  if (before?.type === 'webhook' && before.secret !== undefined)
    return { channel: { ...channel, secret: before.secret } }
  const made = `whsec_${randomBytes(32).toString('base64')}`
  return { channel: { ...channel, secret: made }, made }
}

export const sealChannel = (secrets: Secrets, channel: SubscriptionChannel): string =>
  secrets.seal(JSON.stringify(channel))

/** Throws internal when it was sealed with another key. */
export function openChannel(secrets: Secrets, sealed: string): SubscriptionChannel {
  try {
    return subscriptionChannel.parse(JSON.parse(secrets.open(sealed)))
  } catch (error) {
    throw new HaganeError(
      'internal',
      'the channel of this subscription cannot be read with the key of this data folder',
      {
        cause: error,
        hint: 'give its channel again: `hagane subscription update`',
      },
    )
  }
}

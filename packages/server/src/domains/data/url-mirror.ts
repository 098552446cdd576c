import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HaganeError, isSafeTreePath } from '@hagane/contract'

/** Where the content of a mirrored address is: a file or folder of the server, or another address. */
export type MirroredPlace =
  | { readonly kind: 'path'; readonly root: string; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }

/** Public addresses that this server reads elsewhere, for sites without internet. */
export interface UrlMirror {
  /** Where an address is read instead, or undefined when it is not mirrored. Throws invalid when the path leads out of the mirror. */
  find(uri: string): MirroredPlace | undefined
  /** The address to give to a program that reads it itself, or undefined when it is not mirrored: `file://…` or `http…`. */
  addressOf(uri: string): string | undefined
}

/**
 * Rules as `<prefix>=<folder or URL>`; the longest prefix that fits wins. Azure's `wasbs://container@host/path` and
 * `abfss://…` are the same content as `https://host/container/path`, so a rule for one holds for all three.
 */
export function buildUrlMirror(rules: Readonly<Record<string, string>>): UrlMirror {
  const sorted = Object.entries(rules)
    .map(([prefix, target]) => ({ prefix: asHttps(prefix), target }))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
  const find = (uri: string): MirroredPlace | undefined => {
    const address = asHttps(uri)
    const rule = sorted.find(({ prefix }) => address.startsWith(prefix))
    return rule === undefined ? undefined : placeOf(address.slice(rule.prefix.length), rule.target, uri)
  }
  return {
    find,
    addressOf(uri) {
      const place = find(uri)
      if (place === undefined) return undefined
      return place.kind === 'url' ? place.url : pathToFileURL(join(place.root, place.path)).href
    },
  }
}

function placeOf(rest: string, target: string, uri: string): MirroredPlace {
  if (/^https?:\/\//.test(target)) return { kind: 'url', url: target + rest }
  const path = decoded(rest.replace(/[?#].*$/, '')).replace(/^\/+|\/+$/g, '')
  if (path !== '' && !isSafeTreePath(path))
    throw new HaganeError('invalid', `cannot read ${uri} from the mirror: its path leads out of it`, {
      details: [{ property: 'path', message: 'not a plain path', sent: uri, allowed: 'no `..`, `.` or backslash' }],
    })
  return { kind: 'path', root: target, path }
}

function asHttps(address: string): string {
  const azure = /^(?:wasbs?|abfss?):\/\/([^@/]+)@([^/]+)\/?(.*)$/s.exec(address)
  return azure === null ? address : `https://${azure[2]}/${azure[1]}/${azure[3]}`
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/**
 * Reads the setting: a mapping of prefix to target, or texts `prefix=target` divided by commas or line ends.
 * Throws invalid that names the rule.
 */
export function urlMirrorRules(setting: string | Readonly<Record<string, string>>): Record<string, string> {
  const pairs = typeof setting === 'string' ? pairsOf(setting) : Object.entries(setting)
  for (const [prefix, target] of pairs) {
    if (!/^(https?|wasbs?|abfss?):\/\/[^/]+\//.test(prefix)) throw badRule(`${prefix}=${target}`, 'the prefix')
    if (!/^https?:\/\/[^/]+/.test(target) && !isAbsolute(target)) throw badRule(`${prefix}=${target}`, 'the target')
  }
  return Object.fromEntries(pairs)
}

/** A comma or line end divides only where another address begins. */
const pairsOf = (text: string): [string, string][] =>
  text
    .trim()
    .split(/[,\n]\s*(?=[a-z]+:\/\/[^=]*=)/)
    .filter(rule => rule !== '')
    .map(rule => {
      const at = rule.indexOf('=')
      if (at === -1) throw badRule(rule, 'the `=`')
      return [rule.slice(0, at), rule.slice(at + 1)]
    })

const badRule = (rule: string, what: string): HaganeError =>
  new HaganeError('invalid', `url_mirror: ${what} of '${rule}' is wrong`, {
    details: [
      {
        property: 'url_mirror',
        message: 'not a rule of the mirror',
        sent: rule,
        allowed: 'https://host/path/=/absolute/folder or https://host/path/=https://other-host/path/',
      },
    ],
    hint: 'write --url-mirror https://files.example.com/=/srv/mirror/files.example.com',
  })

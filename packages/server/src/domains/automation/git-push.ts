import { HaganeError } from '@hagane/contract'

/** A push, whoever told of it. */
export interface Push {
  repository: string
  ref: string
  branch?: string
  tag?: string
  commit: string
  before?: string
  paths?: string[]
  pusher?: string
  message?: string
}

type Json = Record<string, unknown>
const MOST_PATHS = 3000
const GONE = /^0+$/

const map = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
/** Texts of a sender, cut to what an event should hold. */
const text = (value: unknown, most = 500): string | undefined =>
  typeof value === 'string' && value !== '' ? Array.from(value.replaceAll('\0', '')).slice(0, most).join('') : undefined

/** What GitHub sends on a push (docs.github.com, webhook events, push); undefined when a branch or tag was deleted. */
export function pushOfGithub(sent: Json): Push | undefined {
  const commits = list(sent.commits).map(map)
  const changed = commits.flatMap(commit => [...list(commit.added), ...list(commit.modified), ...list(commit.removed)])
  return pushOf({
    repository: map(sent.repository).full_name,
    ref: sent.ref,
    commit: sent.after,
    before: sent.before,
    paths: changed,
    pusher: map(sent.pusher).name,
    message: map(sent.head_commit).message,
  })
}

/** What any other sender tells: repository, ref and commit, and before, paths, pusher and message if it knows them. */
export const pushOfGeneric = (sent: Json): Push | undefined => pushOf(sent)

function pushOf(sent: Json): Push | undefined {
  const [repository, ref, commit, before] = [
    text(sent.repository),
    text(sent.ref),
    text(sent.commit, 100),
    text(sent.before, 100),
  ]
  if (repository === undefined || ref === undefined || commit === undefined)
    throw new HaganeError('invalid', 'a push names repository, ref and commit', {
      details: Object.entries({ repository, ref, commit }).flatMap(([property, value]) =>
        value === undefined ? [{ property, message: 'missing, or no text', allowed: 'text' }] : [],
      ),
      hint: 'for example {"repository": "org/name", "ref": "refs/heads/main", "commit": "<sha>"}',
    })
  if (GONE.test(commit)) return undefined
  const paths = [...new Set(list(sent.paths).flatMap(path => text(path, 4096) ?? []))].slice(0, MOST_PATHS)
  return {
    ...{ repository, ref, commit, ...nameOf(ref) },
    ...(before === undefined || GONE.test(before) ? {} : { before }),
    ...(paths.length === 0 ? {} : { paths }),
    ...some('pusher', text(sent.pusher)),
    ...some('message', text(sent.message, 1000)),
  }
}

const some = <K extends string>(key: K, value: string | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: string }

function nameOf(ref: string): { branch?: string; tag?: string } {
  if (ref.startsWith('refs/tags/')) return { tag: ref.slice('refs/tags/'.length) }
  return { branch: ref.replace(/^refs\/heads\//, '') }
}

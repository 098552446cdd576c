import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Readable } from 'node:stream'
import { gitHookRoutes, HaganeError } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import { type Push, pushOfGeneric, pushOfGithub } from './git-push.ts'
import { PUSHED } from './matching.ts'
import type { RuleNeeds } from './needs.ts'
import { findRule } from './reads.ts'
import { secretKey } from './secret-key.ts'
import { noteDelivery, ruleForUpdate } from './store.ts'

const MOST_BYTES = 5 * 2 ** 20
/** How far the clock of a sender may be off, as Standard Webhooks recommends. */
const TOLERANCE_S = 300

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * Takes pushes in for a rule. GitHub signs the body (X-Hub-Signature-256); others sign as Standard Webhooks says (webhook-id,
 * webhook-timestamp, webhook-signature; standardwebhooks.com). A push becomes an event, once for each id of a delivery, and the
 * rule hears of it like of any other.
 */
export const gitHook = (needs: RuleNeeds): BoundRoute =>
  implement(gitHookRoutes.push, async call => {
    const body = await read(call.stream)
    const rule = await findRule(needs.db, call.workspace, call.params.name)
    const secret = rule?.secret == null ? undefined : needs.secrets.open(rule.secret)
    const delivery = verified(call.headers, body, secret ?? 'none', needs.db.clock.now())
    if (rule === undefined || secret === undefined || delivery === undefined) throw refused()
    const kind = delivery.github ? header(call.headers, 'x-github-event') : 'push'
    if (kind !== 'push') return { ok: true as const, event: kind === 'ping' ? ('ping' as const) : ('other' as const) }
    const sent = parsed(body)
    const push = delivery.github ? pushOfGithub(sent) : pushOfGeneric(sent)
    if (push === undefined) return { ok: true as const, event: 'other' as const }
    const isNew = await takeIn(needs, call.workspace, rule.name, delivery.id, push)
    return { ok: true as const, event: isNew ? ('push' as const) : ('seen-before' as const) }
  })

function takeIn(needs: RuleNeeds, workspace: string, name: string, delivery: string, push: Push): Promise<boolean> {
  return needs.db.withTransaction({ workspace, actor: `hook:${name}` }, async tx => {
    const rule = await ruleForUpdate(tx, name)
    if (rule === undefined) throw refused()
    if (!(await noteDelivery(tx, rule.id, delivery))) return false
    tx.append({ type: PUSHED, subject: `git/${push.repository}`, data: { rule: name, delivery, ...push } })
    return true
  })
}

async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += (chunk as Buffer).length
    if (size > MOST_BYTES)
      throw new HaganeError('too_large', `a push of more than ${MOST_BYTES} bytes is not read`, {
        hint: 'GitHub sends 25 MB at most; leave the list of files out in a sender of your own',
      })
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** The delivery if its signature holds. Compares in constant time. */
function verified(
  headers: Headers,
  body: Buffer,
  secret: string,
  now: Date,
): { id: string; github: boolean } | undefined {
  const github = header(headers, 'x-hub-signature-256')
  if (github !== undefined) {
    const id = header(headers, 'x-github-delivery')
    const expected = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
    return same(github, expected) && id !== undefined ? { id, github: true } : undefined
  }
  const id = header(headers, 'webhook-id')
  const time = header(headers, 'webhook-timestamp')
  const signatures = header(headers, 'webhook-signature')
  if (id === undefined || time === undefined || signatures === undefined) return undefined
  if (!(Math.abs(now.getTime() / 1000 - Number(time)) <= TOLERANCE_S)) return undefined
  const expected = `v1,${createHmac('sha256', secretKey(secret)).update(`${id}.${time}.`).update(body).digest('base64')}`
  return signatures.split(' ').some(signature => same(signature, expected)) ? { id, github: false } : undefined
}

function same(sent: string, expected: string): boolean {
  const [a, b] = [Buffer.from(sent), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && value !== '' && value.length <= 1000 ? value : undefined
}

function parsed(body: Buffer): Record<string, unknown> {
  const text = body.toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // falls through to the refusal
  }
  throw new HaganeError('invalid', 'the push is not a JSON object', {
    hint: 'set the content type of the webhook to application/json',
  })
}

/** Who is not known is not told whether there is such a rule. */
const refused = (): HaganeError =>
  new HaganeError(
    'unauthenticated',
    'no rule takes this push: there is none of that name, or the signature does not fit',
    {
      hint: 'sign with the secret that `hagane rule secret -n <rule>` shows; the clock may be off by 5 minutes',
    },
  )

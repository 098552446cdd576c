/** One request that a reference server and Hagane are both asked. */
export interface Case {
  /** The model or script. */
  of: string
  path?: string
  method?: string
  body?: string | Uint8Array
  headers?: Record<string, string>
  /** Where Hagane answers otherwise on purpose: its status, and why. */
  unlike?: [status: number, why: string]
}

export interface Answered {
  status: number
  text: string
  headers: Headers
}

/** The answer of the server whose routes are below `base`. */
export async function answerOf(base: string, one: Case, path: string): Promise<Answered> {
  const { method = 'POST', body = null } = one
  const reply = await fetch(`${base}/${one.path ?? path}`, {
    method,
    headers: one.headers ?? { 'content-type': 'application/json' },
    body: method === 'GET' || method === 'HEAD' ? null : typeof body === 'string' ? body : body && Buffer.from(body),
    redirect: 'manual',
  })
  return { status: reply.status, text: await reply.text(), headers: reply.headers }
}

/** JSON has no NaN; MLflow writes it all the same, Hagane null. */
const valid = (text: string): string => text.replace(/(?<=[:[ ])(NaN|-?Infinity)(?=[,\]}])/g, 'null')

/** A success must be the same text, a failure of the same class. */
const sameAnswer = (theirs: Answered, ours: Answered): boolean =>
  theirs.status >= 400 && ours.status >= 400
    ? Math.floor(theirs.status / 100) === Math.floor(ours.status / 100)
    : theirs.status === ours.status && valid(theirs.text) === ours.text

/** What is wrong with Hagane's answer, or undefined. */
export function difference(one: Case, theirs: Answered, ours: Answered, same = sameAnswer): string | undefined {
  const told =
    `${one.method ?? 'POST'} ${one.of} ${one.path ?? ''} ${one.body ?? ''} ${JSON.stringify(one.headers ?? '')}`.slice(
      0,
      500,
    )
  const both = `${told}\n  theirs ${theirs.status} ${theirs.text.slice(0, 300)}\n  ours   ${ours.status} ${ours.text.slice(0, 300)}`
  const isAlike = same(theirs, ours)
  if (one.unlike === undefined) return isAlike ? undefined : both
  return ours.status === one.unlike[0] && !isAlike ? undefined : `no longer unlike (${one.unlike[1]}): ${both}`
}

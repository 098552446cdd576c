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

export async function answerOf(base: string, one: Case, path: string): Promise<Answered> {
  const { method = 'POST', body = null } = one
  const reply = await fetch(`${base}/${one.of}/${one.path ?? path}`, {
    method,
    headers: one.headers ?? { 'content-type': 'application/json' },
    body: method === 'GET' ? null : typeof body === 'string' ? body : body && Buffer.from(body),
  })
  return { status: reply.status, text: await reply.text(), headers: reply.headers }
}

/** JSON has no NaN; MLflow and Azure ML write it all the same, Hagane null. */
const valid = (text: string): string => text.replace(/(?<=[:[ ])(NaN|-?Infinity)(?=[,\]}])/g, 'null')

/** What is wrong with Hagane's answer, or undefined. A success must be the same text, a failure of the same class. */
export function difference(one: Case, theirs: Answered, ours: Answered): string | undefined {
  const told = `${one.method ?? 'POST'} ${one.of} ${one.path ?? ''} ${one.body ?? ''} ${JSON.stringify(one.headers ?? '')}`
  const both = `${told}\n  theirs ${theirs.status} ${theirs.text.slice(0, 300)}\n  ours   ${ours.status} ${ours.text.slice(0, 300)}`
  const isFailure = theirs.status >= 400 && ours.status >= 400
  const isAlike = isFailure
    ? Math.floor(theirs.status / 100) === Math.floor(ours.status / 100)
    : theirs.status === ours.status && valid(theirs.text) === ours.text
  if (one.unlike === undefined) return isAlike ? undefined : both
  return ours.status === one.unlike[0] && !isAlike ? undefined : `no longer unlike (${one.unlike[1]}): ${both}`
}

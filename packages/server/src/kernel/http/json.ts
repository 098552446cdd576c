import { HaganeError } from '@hagane/contract'

/** Deeper than any document of ours; far less than what overflows the stack of those who walk it. */
const MAX_DEPTH = 200

const QUOTE = 0x22
const BACKSLASH = 0x5c
const opens = (byte: number | undefined): boolean => byte === 0x5b || byte === 0x7b
const closes = (byte: number | undefined): boolean => byte === 0x5d || byte === 0x7d

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * JSON with the refusals that JSON.parse does not make: bytes that are not UTF-8, NUL and halves of surrogate pairs in text,
 * which no database keeps as they are, and nesting that nobody could walk. No bytes are no value.
 */
export async function parseJson(body: Buffer): Promise<unknown> {
  if (body.length === 0) return undefined
  const text = decodeUtf8(body)
  refuseUnkeepable(body)
  try {
    return JSON.parse(text, text.includes('__proto__') ? withoutPrototype : undefined)
  } catch (error) {
    throw new HaganeError('invalid', `the body is not valid JSON: ${(error as Error).message}`)
  }
}

/** Throws invalid when a value of the path or query holds NUL, which percent-encoding can bring. */
export function refuseNul(values: unknown, what: string): void {
  for (const [name, value] of Object.entries((values ?? {}) as Record<string, unknown>))
    for (const text of Array.isArray(value) ? value : [value])
      if (typeof text === 'string' && text.includes('\0'))
        throw new HaganeError('invalid', `${what}: ${name}: holds a NUL character`, {
          details: [{ property: name, message: 'holds a NUL character', sent: text.slice(0, 200) }],
        })
}

function decodeUtf8(body: Buffer): string {
  try {
    return decoder.decode(body)
  } catch {
    throw new HaganeError('invalid', 'the body is not valid UTF-8')
  }
}

/** One pass over the bytes, before anything is built from them. */
function refuseUnkeepable(body: Buffer): void {
  let depth = 0
  let inText = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (byte === QUOTE) inText = !inText
    else if (inText) {
      if (byte === BACKSLASH) i += body[i + 1] === 0x75 ? checkedEscape(body, i) : 1
    } else if (opens(byte)) {
      if (++depth > MAX_DEPTH) throw new HaganeError('invalid', `the JSON body is nested more than ${MAX_DEPTH} deep`)
    } else if (closes(byte)) depth--
  }
}

const unitAt = (body: Buffer, at: number): number =>
  body[at] === BACKSLASH && body[at + 1] === 0x75
    ? Number.parseInt(body.toString('latin1', at + 2, at + 6), 16)
    : Number.NaN

/** The bytes of the escape `\uXXXX` at `at` behind its first, a whole surrogate pair taken as one. */
function checkedEscape(body: Buffer, at: number): number {
  const unit = unitAt(body, at)
  if (unit === 0)
    throw new HaganeError('invalid', 'the body holds a NUL character, which cannot be stored', {
      hint: 'remove \\u0000 from the text',
    })
  if (!(unit >= 0xd800 && unit <= 0xdfff)) return 1
  const next = unitAt(body, at + 6)
  if (unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) return 11
  throw new HaganeError('invalid', 'the body holds half of a surrogate pair, which is no character', {
    hint: `remove ${body.toString('latin1', at, at + 6)} from the text`,
  })
}

const withoutPrototype = (key: string, value: unknown): unknown => (key === '__proto__' ? undefined : value)

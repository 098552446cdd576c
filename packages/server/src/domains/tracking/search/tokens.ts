import { invalidParameter } from '../wire/mlflow-error.ts'

export type TokenKind = 'word' | 'string' | 'number' | 'operator' | 'open' | 'close' | 'comma' | 'semicolon'
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A word is an identifier with its dots, each part bare or quoted: metrics.`val loss`, tags."a.b", params.x.y */
const patterns: [TokenKind | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['string', /'(?:''|\\'|[^'])*'/y],
  ['string', /"(?:""|\\"|[^"])*"(?!\s*\.)/y],
  ['number', /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y],
  ['operator', /<=|>=|!=|<>|==|=|<|>/y],
  [
    'word',
    /(?:`[^`]*`|"[^"]*"|[A-Za-z_\u0080-\uffff][\w\-/:\u0080-\uffff]*)(?:\.(?:`[^`]*`|"[^"]*"|'[^']*'|[\w\-/:\u0080-\uffff]+))*/y,
  ],
  ['open', /\(/y],
  ['close', /\)/y],
  ['comma', /,/y],
  ['semicolon', /;/y],
]

/** Cuts a filter or an order_by clause into tokens. Throws on a character that starts none. */
export function tokenize(source: string, what: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const token = tokenAt(source, at)
    if (token === undefined) throw invalidParameter(`Invalid clause(s) in ${what}: '${source.slice(at)}'`)
    if (token.kind !== 'space') tokens.push(token as Token)
    at = token.end
  }
  return tokens
}

function tokenAt(source: string, start: number): (Omit<Token, 'kind'> & { kind: TokenKind | 'space' }) | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start
    const text = pattern.exec(source)?.[0]
    if (text !== undefined) return { kind, text, start, end: start + text.length }
  }
  return undefined
}

/** Whether a token is one of these keywords, in any case. */
export const isKeyword = (token: Token | undefined, ...words: string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toUpperCase())

/** Text without the quotes around it; doubled quotes stay doubled, as in MLflow. */
export const unquote = (text: string): string =>
  /^(['"`])[\s\S]*\1$/.test(text) && text.length >= 2 ? text.slice(1, -1) : text

import { didYouMean, type Expression, findExpressions, findUnclosed } from '@hagane/contract'
import type { Loading } from './loading.ts'
import type { Cursor } from './tree.ts'

type Names = object | null | undefined

/** The names an expression may take, by scope, of one command. */
export interface CommandScope {
  readonly command?: string | undefined
  readonly inputs?: Names
  readonly outputs?: Names
  readonly searchSpace?: Names
}

export const keysOf = (names: Names): string[] => Object.keys(names ?? {})

/** True when a name is there, or the group that it belongs to (`group.name`). */
export const isKnown = (name: string, known: readonly string[]): boolean =>
  known.includes(name) || known.includes(name.split('.', 1)[0] ?? '')

const nouns = { input: 'input', output: 'output', 'search-space': 'search space parameter' } as const

function checkExpression(
  loading: Loading,
  cursor: Cursor,
  key: string,
  expression: Expression,
  scope: CommandScope,
): void {
  const { text, name } = expression
  if (expression.scope === 'name' || expression.scope === 'default-datastore') return
  if (expression.scope !== 'input' && expression.scope !== 'output' && expression.scope !== 'search-space') {
    loading.wrong(cursor, key, `${text} cannot stand in a command`, {
      sent: text,
      allowed: ['${{inputs.<name>}}', '${{outputs.<name>}}', '${{search_space.<name>}}'],
      hint: 'bind it to an input of the step and use that',
    })
    return
  }
  const known = { input: scope.inputs, output: scope.outputs, 'search-space': scope.searchSpace }[expression.scope]
  const names = expression.scope === 'output' ? [...keysOf(known), 'artifacts'] : keysOf(known)
  if (isKnown(name, names)) return
  const noun = nouns[expression.scope]
  loading.wrong(cursor, key, `${text} names no ${noun} of this command${didYouMean(name, names)}`, {
    sent: text,
    allowed: keysOf(known),
    hint: `declare ${name} under ${expression.scope === 'search-space' ? 'search_space' : `${expression.scope}s`}`,
  })
}

/** Every `${{…}}` of a command must name something that the command has. */
export function checkCommand(loading: Loading, cursor: Cursor, scope: CommandScope): void {
  checkExpressions(loading, cursor, 'command', scope.command, scope)
}

/** Every `${{…}}` of the text at a key must name something that the step has. */
export function checkExpressions(
  loading: Loading,
  cursor: Cursor,
  key: string,
  text: string | undefined,
  scope: CommandScope,
): void {
  for (const expression of findExpressions(text ?? '')) checkExpression(loading, cursor, key, expression, scope)
  checkClosed(loading, cursor, key, text ?? '')
}

/** An expression that has no end is refused. `$[[` may be another language's, so it is told only. */
export function checkClosed(loading: Loading, cursor: Cursor, key: string, text: string): void {
  for (const { opening, text: sent } of findUnclosed(text))
    if (opening === '${{')
      loading.wrong(cursor, key, `'${sent}' has no end`, { sent, allowed: '${{…}}', hint: 'close it with }}' })
    else loading.warn(cursor, key, `'${sent}' has no end, so it is plain text`, { sent, hint: 'close it with ]]' })
}

import { type Expression, findExpressions, HaganeError, isSafeTreePath } from '@hagane/contract'
import type { CommandPlan } from '../model/plan.ts'

const LONGEST_PORT = 200
const LONGEST_NODE = 255

const isPort = (name: string): boolean => isSafeTreePath(name) && !name.includes('/') && name.length <= LONGEST_PORT

/** Throws invalid on an input or output whose name cannot be the folder that it becomes. */
export function refusePortNames(at: string, kind: 'inputs' | 'outputs', names: Iterable<string>): void {
  for (const name of names)
    if (!isPort(name))
      throw unusable(`${at}.${kind}`, name, `1 to ${LONGEST_PORT} characters, no slash, backslash or drive letter`)
}

/** Throws invalid on a step whose key nobody could refer to or show. */
export function refuseNodeKey(at: string, key: string): void {
  if (key === '' || key.length > LONGEST_NODE || /\p{Cc}/u.test(key))
    throw unusable(at, key, `1 to ${LONGEST_NODE} characters without control characters`)
}

/** Throws invalid on a variable that no process could be given. */
export function refuseVariableNames(at: string, names: Iterable<string>): void {
  for (const name of names)
    if (name === '' || name.includes('=')) throw unusable(`${at}.environment_variables`, name, 'not empty, without "="')
}

function unusable(at: string, name: string, allowed: string): HaganeError {
  const short = JSON.stringify(name.length > 60 ? `${[...name].slice(0, 60).join('')}…` : name)
  return new HaganeError('invalid', `${at}: ${short} cannot be a name here`, {
    details: [{ property: at, message: 'not usable as a name', sent: name.slice(0, 200), allowed }],
    hint: 'use letters, digits and _',
  })
}

const scopes = ['name', 'default-datastore', 'input', 'output', 'search-space'] as const
type Scope = (typeof scopes)[number]

/** Throws invalid on a `${{…}}` of a command that names nothing the command has: better now than when its turn comes. */
export function refuseUnknownExpressions(
  plan: Pick<CommandPlan, 'command' | 'inputs' | 'outputs'>,
  search: Readonly<Record<string, unknown>>,
  at: string,
): void {
  const known: Record<Scope, Readonly<Record<string, unknown>> | undefined> = {
    name: undefined,
    'default-datastore': undefined,
    input: plan.inputs,
    output: plan.outputs,
    'search-space': search,
  }
  for (const expression of findExpressions(plan.command)) {
    const scope = scopes.find(one => one === expression.scope)
    if (scope === undefined) throw misplaced(expression, at)
    const names = known[scope]
    if (names === undefined || Object.hasOwn(names, expression.name)) continue
    throw new HaganeError('invalid', `${at}.command: ${expression.text} names nothing that this command has`, {
      details: [
        { property: `${at}.command`, message: 'names nothing', sent: expression.text, allowed: Object.keys(names) },
      ],
      hint: `declare ${expression.name} under ${scope === 'search-space' ? 'search_space' : `${scope}s`}, or correct the name`,
    })
  }
}

const misplaced = (expression: Expression, at: string): HaganeError =>
  new HaganeError('invalid', `${at}.command: ${expression.text} cannot stand in a command`, {
    details: [
      {
        property: `${at}.command`,
        message: 'cannot stand in a command',
        sent: expression.text,
        allowed: ['${{inputs.<name>}}', '${{outputs.<name>}}', '${{search_space.<name>}}'],
      },
    ],
    hint: 'bind it to an input of the step and use that',
  })

import { type EventRecord, type GitTrigger, matchesPattern, type RuleCheck, type RuleTrigger } from '@hagane/contract'
import { compileCondition } from '../../kernel/conditions.ts'
import { compileFilter } from '../../kernel/events/index.ts'
import { matchesGlob } from './glob.ts'

/** Events by which a rule tells itself that it is to fire. */
export const DUE = 'dev.hagane.rule.due'
export const PUSHED = 'dev.hagane.git.push'

/** How an event sets a rule off. */
export type Source = 'event' | 'schedule' | 'git'

/** Compiles what sets a rule off: says by which of its triggers an event does. Throws invalid. */
export function compileTrigger(on: RuleTrigger, rule: string): (event: EventRecord) => Source | undefined {
  const passes = on.event === undefined ? undefined : compileFilter(on.event, 'on.event')
  return event => {
    if (event.type === DUE)
      return on.schedule !== undefined && event.subject === `rule/${rule}` ? 'schedule' : undefined
    if (event.type === PUSHED && on.git !== undefined && gitMisfits(on.git, rule, event).length === 0) return 'git'
    return passes?.(event) === true ? 'event' : undefined
  }
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : []

/** Why a push is not one that a rule waits for. */
function gitMisfits(git: GitTrigger, rule: string, { data }: EventRecord): string[] {
  return gitChecks(git, rule, data)
    .filter(check => !check.holds)
    .map(check => check.detail)
}

function gitChecks(git: GitTrigger, rule: string, data: Record<string, unknown>): RuleCheck[] {
  const { branch, tag, repository } = data
  const any = (globs: readonly string[] | undefined, value: unknown): boolean =>
    typeof value === 'string' && (globs ?? []).some(glob => matchesGlob(glob, value))
  const isWanted =
    git.branches === undefined && git.tags === undefined
      ? branch !== undefined
      : any(git.branches, branch) || any(git.tags, tag)
  const paths = strings(data.paths)
  const touches = tag !== undefined || paths.some(path => any(git.paths, path))
  return [
    { what: 'on.git', holds: data.rule === rule, detail: `the push was sent to rule ${String(data.rule)}` },
    ...(git.repository === undefined
      ? []
      : [check('on.git.repository', repository === git.repository, `the push is to ${String(repository)}`)]),
    check('on.git.branches', isWanted, branch === undefined ? `tag ${String(tag)}` : `branch ${String(branch)}`),
    ...(git.paths === undefined
      ? []
      : [check('on.git.paths', touches, `it changed ${paths.slice(0, 5).join(', ') || 'nothing that is known'}`)]),
  ]
}

const check = (what: string, holds: boolean, detail: string): RuleCheck => ({ what, holds, detail })

/** Each part of what sets a rule off, and whether it holds of an event. */
export function explainTrigger(on: RuleTrigger, rule: string, event: EventRecord): RuleCheck[] {
  if (event.type === DUE)
    return [
      check('on.schedule', event.subject === `rule/${rule}` && on.schedule !== undefined, `a time of ${event.subject}`),
    ]
  if (event.type === PUSHED && on.git !== undefined) return gitChecks(on.git, rule, event.data)
  if (on.event === undefined) return [check('on', false, `the rule does not listen to events of type ${event.type}`)]
  const { types, subjects, where } = on.event
  const told = where === undefined ? undefined : compileCondition(where, 'on.event.where')({ event })
  return [
    ...(types === undefined
      ? []
      : [
          check(
            'on.event.types',
            types.some(type => matchesPattern(type, event.type)),
            event.type,
          ),
        ]),
    ...(subjects === undefined
      ? []
      : [
          check(
            'on.event.subjects',
            subjects.some(one => matchesPattern(one, event.subject)),
            event.subject,
          ),
        ]),
    ...(told === undefined
      ? []
      : [
          check(
            'on.event.where',
            'holds' in told && told.holds,
            'holds' in told ? `${where} is ${told.holds}` : `${where} cannot be told: ${told.problem}`,
          ),
        ]),
  ]
}

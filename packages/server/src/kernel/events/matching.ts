import { type EventFilter, type EventRecord, matchesPattern } from '@hagane/contract'
import { compileCondition } from '../conditions.ts'

/** Compiles a filter of events; one whose condition cannot be told of an event does not let it pass. Throws `invalid`. */
export function compileFilter(filter: EventFilter, property = 'filter'): (event: EventRecord) => boolean {
  const { types, subjects, where } = filter
  const condition = where === undefined ? undefined : compileCondition(where, `${property}.where`)
  return event => {
    if (types !== undefined && !types.some(type => matchesPattern(type, event.type))) return false
    if (subjects !== undefined && !subjects.some(subject => matchesPattern(subject, event.subject))) return false
    if (condition === undefined) return true
    const told = condition({ event })
    return 'holds' in told && told.holds
  }
}

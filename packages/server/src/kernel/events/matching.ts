import { type EventFilter, type EventRecord, matchesPattern } from '@hagane/contract'
import { compileCondition } from '../conditions.ts'
import type { EventRow } from '../db/index.ts'
import { toRecord } from './reads.ts'

/** Compiles a filter of events; one whose condition cannot be told of an event does not let it pass. Throws `invalid`. */
export function compileFilter(filter: EventFilter, property = 'filter'): (event: EventRecord) => boolean {
  const { mayPass, holds } = parts(filter, property)
  return event => mayPass(event) && (holds === undefined || holds(event))
}

/** The same for events as they are stored; the data are read where a condition asks for them alone. */
export function compileRowFilter(filter: EventFilter, property = 'filter'): (row: EventRow) => boolean {
  const { mayPass, holds } = parts(filter, property)
  return row => mayPass(row) && (holds === undefined || holds(toRecord(row)))
}

function parts({ types, subjects, where }: EventFilter, property: string) {
  const condition = where === undefined ? undefined : compileCondition(where, `${property}.where`)
  return {
    mayPass: ({ type, subject }: { type: string; subject: string }): boolean =>
      (types === undefined || types.some(pattern => matchesPattern(pattern, type))) &&
      (subjects === undefined || subjects.some(pattern => matchesPattern(pattern, subject))),
    holds:
      condition &&
      ((event: EventRecord): boolean => {
        const told = condition({ event })
        return 'holds' in told && told.holds
      }),
  }
}

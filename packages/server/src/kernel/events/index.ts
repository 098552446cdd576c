export type { EventRow } from '../db/index.ts'
export { buildEventLog, type EventLog } from './event-log.ts'
export { compileFilter } from './matching.ts'
export {
  consumerLags,
  type EventFilter,
  eventCount,
  eventsAfter,
  eventsBefore,
  toRecord,
  verifyChain,
} from './reads.ts'

export type { EventRow } from '../db/index.ts'
export { cloudEventHeaders, cloudEventText, toCloudEvent } from './cloud-events.ts'
export { buildEventLog, type EventLog } from './event-log.ts'
export { compileFilter, compileRowFilter } from './matching.ts'
export {
  consumerLags,
  type EventFilter,
  eventCount,
  eventsAfter,
  eventsBefore,
  findEvent,
  firstAt,
  toRecord,
  verifyChain,
} from './reads.ts'

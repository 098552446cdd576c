export { type EventRow, hashEvent, type NewEvent, type Verification } from './chain.ts'
export { buildEventLog, type Consumer, type EventLog } from './event-log.ts'
export { type EventFilter, eventCount, eventsAfter, eventsBefore, toRecord, verifyChain } from './reads.ts'

import type { EventLog } from '../../kernel/events/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import { openSender, type Sender } from '../../kernel/outgoing/index.ts'
import { runHandler } from './advance.ts'
import { RULE_TASK } from './fire.ts'
import { buildListener } from './listen.ts'
import type { RuleNeeds } from './needs.ts'
import { bindRoutes } from './routes.ts'
import { buildTicker } from './ticker.ts'

export interface Automation {
  routes: BoundRoute[]
  /** Begins to hear events, and to look for times that have come. */
  start(): void
  /** Resolves when every event so far was heard and what is due was carried out. */
  poll(): Promise<void>
  stop(): Promise<void>
}

/** `allowPrivateUrls`: whether webhooks may go to private addresses. */
type Given = Omit<RuleNeeds, 'sender'> & { events: EventLog; allowPrivateUrls: boolean }

/**
 * Rules: on an event, at a time or at a push to a repository, actions are carried out in order. Runs are rows: the event log sets
 * them off and ends what they wait for, tasks carry them on; so each happens once, whatever is killed and however many servers share
 * the database.
 */
export function buildAutomation({ events, allowPrivateUrls, ...parts }: Given): Automation {
  const sender = openSender(allowPrivateUrls)
  const stopping = new AbortController()
  const needs: RuleNeeds = { ...parts, sender: untilStopped(sender, stopping.signal) }

  const ticker = buildTicker(needs)
  const listener = buildListener(needs)
  let consumer: { catchUp(): Promise<void> } | undefined
  needs.tasks.register(RULE_TASK, runHandler(needs))
  return {
    routes: bindRoutes(needs),
    start() {
      consumer = events.consume('automation', listener)
      ticker.start()
    },
    async poll() {
      await ticker.poll()
      await consumer?.catchUp()
    },
    async stop() {
      stopping.abort()
      await ticker.stop()
      await sender.close()
    },
  }
}

/** A request that the end of this server has cut off has not failed: it is made again. */
const untilStopped = (sender: Sender, stopped: AbortSignal): Sender => ({
  ...sender,
  async post(posting) {
    const answer = await sender.post(posting)
    if (answer.status === undefined && stopped.aborted) throw new Error('the server is stopping')
    return answer
  },
})

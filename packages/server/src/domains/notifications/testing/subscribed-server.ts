import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, type DeliveryState, type SubscriptionResource, subscriptionRoutes } from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import { openReceiver, type Receiver } from './receiver.ts'

/** What tests need of a server. */
interface Tested extends AsyncDisposable {
  readonly client: Client
  readonly app: { readonly db: Database }
}

/** A server with a clock that the test sets ahead, a receiver, and what tests of subscriptions do with them. */
export class SubscribedServer {
  readonly clock: { ahead: number; now: () => Date }
  readonly app: Tested
  readonly receiver: Receiver

  private constructor(app: Tested, receiver: Receiver, clock: SubscribedServer['clock']) {
    this.app = app
    this.receiver = receiver
    this.clock = clock
  }

  static async start(build: (clock: SubscribedServer['clock']) => Promise<Tested>): Promise<SubscribedServer> {
    const clock = { ahead: 0, now: () => new Date(Date.now() + clock.ahead) }
    return new SubscribedServer(await build(clock), await openReceiver(), clock)
  }

  /** Calls a route of its server. */
  get call(): Client['call'] {
    return this.app.client.call
  }

  async stop(): Promise<void> {
    await this.app[Symbol.asyncDispose]()
    await this.receiver[Symbol.asyncDispose]()
  }

  /** The clock is right again, and the receiver takes everything. */
  reset(): void {
    this.clock.ahead = 0
    this.receiver.answer((_, response) => response.writeHead(204).end())
  }

  /** A subscription to events of its own name, told at a path of its own name. */
  create(name: string, more: Record<string, unknown> = {}, channel: Record<string, unknown> = {}) {
    const body = {
      ...{ name, on: { types: [`dev.hagane.test.${name}`] } },
      ...more,
      channel: { type: 'webhook', url: `${this.receiver.url}/${name}`, ...channel },
    }
    return this.app.client.call(subscriptionRoutes.create, { body: body as never })
  }

  show(name: string): Promise<SubscriptionResource> {
    return this.app.client.call(subscriptionRoutes.show, { params: { name } })
  }

  append(name: string, ...subjects: string[]): Promise<void> {
    return this.app.app.db.withTransaction({ workspace: 'default', actor: 'user:test' }, async tx => {
      for (const [n, subject] of subjects.entries())
        tx.append({ type: `dev.hagane.test.${name}`, subject, data: { n, status: 'Failed', note: '日本語' } })
    })
  }

  async deliveries(name: string, state?: DeliveryState) {
    const query = state === undefined ? {} : { state }
    return (await this.app.client.call(subscriptionRoutes.deliveries, { params: { name }, query })).items
  }
}

/** Whether something was sent to a subscription's path. */
export const to = (name: string) => (one: { path: string }) => one.path === `/${name}`

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

import type { SubscriptionChannel } from '@hagane/contract'
import type { Channel } from './channel.ts'
import { eventGridChannel } from './event-grid.ts'
import { chatChannel, emailChannel, githubChannel, pagerdutyChannel, slackChannel, teamsChannel } from './people.ts'
import { webhookChannel } from './webhook.ts'

export type { Message, RunFacts, Telling } from './channel.ts'
export { type Mailer, type MailSettings, openMailer } from './mailer.ts'
export { addressedChannel } from './people.ts'
export { hidingSecrets, openChannel, sealChannel, shownChannel, withSecret } from './sealed.ts'

/** What makes messages for a channel. */
export function channelOf(channel: SubscriptionChannel): Channel {
  switch (channel.type) {
    case 'webhook':
      return webhookChannel(channel)
    case 'event_grid':
      return eventGridChannel(channel)
    case 'email':
      return emailChannel(channel)
    case 'slack':
      return slackChannel(channel)
    case 'teams':
      return teamsChannel(channel)
    case 'chat':
      return chatChannel(channel)
    case 'pagerduty':
      return pagerdutyChannel(channel)
    case 'github':
      return githubChannel(channel)
  }
}

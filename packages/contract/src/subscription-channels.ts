import { z } from 'zod'

const address = z
  .string()
  .max(2000)
  .refine(text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'an http or https address')
  .refine(text => {
    const url = URL.parse(text)
    return url === null || (url.username === '' && url.password === '')
  }, 'an address without a user name or password')

/** RFC 9110, section 5.1; what names the message itself is not the author's to set. */
const isFree = (name: string): boolean =>
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name) &&
  !/^(host|content-length|content-type|transfer-encoding|connection|webhook-.*|ce-.*)$/i.test(name)
const headers = z
  .record(
    z.string(),
    z
      .string()
      .max(4000)
      .regex(/^[\t\x20-\x7e]*$/, 'printable ASCII'),
  )
  .refine(given => Object.keys(given).every(isFree), 'names of headers, but those that Hagane sets itself')

/** 24 to 64 bytes in base64 behind `whsec_`, as Standard Webhooks has it (standardwebhooks.com). */
const signingSecret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'whsec_ and 24 to 64 bytes in base64')

const webhook = z.strictObject({
  type: z.literal('webhook'),
  url: address,
  format: z.enum(['structured', 'binary']).default('structured').describe('how the CloudEvent is sent'),
  secret: signingSecret.optional().describe('signs every delivery; made up when left out'),
  headers: headers.optional().describe('sent along; kept secret'),
})
const eventGrid = z.strictObject({
  type: z.literal('event_grid'),
  url: address,
  schema: z.enum(['event_grid', 'cloud_event']).default('event_grid'),
  topic: z.string().max(500).optional().describe('topic, or source of CloudEvents; /ws/<workspace> when left out'),
  headers: headers.optional().describe('sent along, e.g. aeg-sas-key; kept secret'),
})
const email = z.strictObject({
  type: z.literal('email'),
  to: z.array(z.email('write an e-mail address, e.g. ml@example.com').max(320)).min(1).max(100),
})
const slack = z.strictObject({ type: z.literal('slack'), url: address })
const teams = z.strictObject({ type: z.literal('teams'), url: address })
const chat = z.strictObject({
  type: z.literal('chat'),
  url: address,
  text_property: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,50}$/, 'letters, digits and _')
    .default('text')
    .describe('the property of the JSON body that holds the message'),
})
const pagerduty = z.strictObject({
  type: z.literal('pagerduty'),
  routing_key: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[\x21-\x7e]+$/, 'printable ASCII'),
  url: address.default('https://events.pagerduty.com/v2/enqueue'),
})
const github = z.strictObject({
  type: z.literal('github'),
  repository: z.string().regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, '<owner>/<name>'),
  token: z
    .string()
    .min(1)
    .max(1000)
    .regex(/^[\x21-\x7e]+$/, 'printable ASCII'),
  event_type: z.string().min(1).max(100).optional().describe('the type of the event when left out'),
  url: address.default('https://api.github.com'),
})

/** Where the events of a subscription go. */
export const subscriptionChannel = z
  .discriminatedUnion('type', [webhook, eventGrid, email, slack, teams, chat, pagerduty, github])
  .meta({ id: 'SubscriptionChannel' })
export type SubscriptionChannel = z.output<typeof subscriptionChannel>
export const channelTypes = subscriptionChannel.options.map(option => option.shape.type.value)
export type ChannelType = SubscriptionChannel['type']

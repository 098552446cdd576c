import { alertNotification, type SubscriptionChannel } from '@hagane/contract'
import { type Channel, postJson, type Telling } from './channel.ts'
import { labels, plainText, type Words, wordsOf } from './words.ts'

type Of<T extends SubscriptionChannel['type']> = Extract<SubscriptionChannel, { type: T }>

const withWords = (message: (telling: Telling, words: Words) => ReturnType<Channel['message']>): Channel => ({
  tells: () => true,
  message: telling => message(telling, wordsOf(telling)),
})

/** A header line must not be broken by what a name holds. */
const oneLine = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').slice(0, 200)

/** E-mail by SMTP. */
export const emailChannel = ({ to }: Of<'email'>): Channel =>
  withWords((telling, words) => ({
    kind: 'mail',
    to,
    subject: oneLine(words.title),
    text: plainText(words, telling.language),
    id: telling.deliveryId,
  }))

/** E-mail to the addresses that an alert names. */
export const addressedChannel = withWords((telling, words) => ({
  kind: 'mail',
  to: alertNotification.parse(telling.record().data).emails,
  subject: oneLine(words.title),
  text: plainText(words, telling.language),
  id: telling.deliveryId,
}))

/** The characters that Slack's markup knows: https://api.slack.com/reference/surfaces/formatting#escaping */
const forSlack = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/**
 * What chats make links and calls of in text, taken apart by a space that is not seen: `[text](address)` of Markdown, `<address|text>`
 * and `<!channel>` of Slack and those like it, `@everyone`. A name of somebody's model must not become a link, nor ring bells.
 */
const forChat = (text: string): string =>
  text.replace(/\](?=[([:])|<(?=[!@#/\w])|@(?=\w)|!(?=\[)/g, character => `${character}\u200b`)

const slackColours = { info: '#439fe0', warning: '#daa038', error: '#d00000', critical: '#7a0000' }

/** An incoming webhook of Slack with blocks. */
export const slackChannel = ({ url }: Of<'slack'>): Channel =>
  withWords(({ language }, words) => {
    const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text: text.slice(0, 3000) } })
    const color = words.status === 'resolved' ? '#2eb886' : slackColours[words.severity]
    const blocks = [
      section(`*${forSlack(words.title)}*`),
      ...(words.lines.length === 0 ? [] : [section(forSlack(words.lines.join('\n')))]),
      {
        type: 'context',
        elements: words.facts.map(([name, value]) => ({ type: 'mrkdwn', text: forSlack(`${name}: ${value}`) })),
      },
      ...(words.command === undefined
        ? []
        : [section(`${labels[language].next}: \`${forSlack(words.command.replaceAll('`', "'"))}\``)]),
      section(`<${words.link}|${labels[language].link}>`),
    ]
    return postJson(url, { text: forSlack(words.title), attachments: [{ color, blocks }] })
  })

const teamsColours = { info: 'Accent', warning: 'Warning', error: 'Attention', critical: 'Attention' }

/** A message with an adaptive card, as a webhook of Microsoft Teams takes it: https://adaptivecards.io/explorer/ */
export const teamsChannel = ({ url }: Of<'teams'>): Channel =>
  withWords(({ language }, words) => {
    const text = (content: string, more: object = {}) => ({
      ...{ type: 'TextBlock', text: forChat(content), wrap: true },
      ...more,
    })
    const color = words.status === 'resolved' ? 'Good' : teamsColours[words.severity]
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      body: [
        text(words.title, { size: 'Medium', weight: 'Bolder', color }),
        ...words.lines.map(line => text(line)),
        { type: 'FactSet', facts: words.facts.map(([title, value]) => ({ title, value: forChat(value) })) },
        ...(words.command === undefined
          ? []
          : [text(`${labels[language].next}: ${words.command}`, { fontType: 'Monospace' })]),
      ],
      actions: [{ type: 'Action.OpenUrl', title: labels[language].link, url: words.link }],
    }
    const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }]
    return postJson(url, { type: 'message', attachments })
  })

/** Any chat that takes `{"text": …}`, such as Mattermost, Google Chat or Discord (`content`). */
export const chatChannel = ({ url, text_property: property }: Of<'chat'>): Channel =>
  withWords(({ language }, words) => postJson(url, { [property]: forChat(plainText(words, language)) }))

/** Events API v2 of PagerDuty: https://developer.pagerduty.com/docs/events-api-v2-overview */
export const pagerdutyChannel = ({ url, routing_key }: Of<'pagerduty'>): Channel =>
  withWords(({ event, record }, words) => {
    const action = words.status === 'event' || words.status === 'firing' ? 'trigger' : actions[words.status]
    return postJson(url, {
      routing_key,
      event_action: action,
      dedup_key: words.dedupKey.slice(0, 255),
      ...(action === 'trigger'
        ? {
            payload: {
              summary: words.title.slice(0, 1024),
              source: `hagane/${event.workspace}`,
              severity: words.severity,
              timestamp: event.time,
              component: event.subject,
              class: event.type,
              custom_details: { ...record().data, next_command: words.command },
            },
            links: [{ href: words.link, text: 'Hagane' }],
          }
        : {}),
    })
  })
const actions = { acknowledged: 'acknowledge', resolved: 'resolve' } as const

/** `repository_dispatch` of GitHub: https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event */
export const githubChannel = ({ url, repository, token, event_type }: Of<'github'>): Channel => ({
  tells: () => true,
  message({ event, record }) {
    const { data, seq, id, type, subject, time, workspace } = record()
    return postJson(
      `${url.replace(/\/$/, '')}/repos/${repository}/dispatches`,
      {
        event_type: (event_type ?? event.type).slice(0, 100),
        client_payload: { id, seq, type, subject, time, workspace, data },
      },
      {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'x-github-api-version': '2022-11-28',
      },
    )
  },
})

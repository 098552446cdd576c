import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CapturedFeedback, feedbackItems, HaganeError } from '@hagane/contract'
import type { Collector } from '../predictions/collector.ts'
import type { EndpointHost } from '../routing/endpoint-host.ts'
import { asHaganeError, errorAnswer, send } from './answer.ts'
import { readBody } from './body.ts'
import type { Target } from './target.ts'

const json: [string, string][] = [['content-type', 'application/json; charset=utf-8']]

/**
 * `POST /endpoints/<name>/feedback`, with the keys of the endpoint: what turned out to be true of predictions. JSON of one
 * row, a list, or `{"feedback": [...]}`, or JSON lines; `?key=<column>` names the column with the ids. Answered with 202
 * once it is written.
 */
export function takeFeedback(
  parts: { collector: Collector; maxBody: number },
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  host: EndpointHost,
): void {
  received(parts, request, target, host).then(
    count => {
      if (count === undefined) return
      send(response, 202, json, [], Buffer.from(JSON.stringify({ received: count })))
    },
    (error: unknown) => {
      const answer = errorAnswer(asHaganeError(error), '')
      if (answer.status === 413) response.shouldKeepAlive = false
      send(response, answer.status, answer.headers, [], answer.body)
    },
  )
}

async function received(
  { collector, maxBody }: { collector: Collector; maxBody: number },
  request: IncomingMessage,
  target: Target,
  host: EndpointHost,
): Promise<number | undefined> {
  host.admit(request)
  const body = await readBody(request, maxBody)
  if (body === undefined) return undefined
  const key = new URLSearchParams(target.query).get('key') ?? undefined
  const items = feedbackItems(rowsOf(body.toString('utf8'), request.headers['content-type'] ?? ''), key)
  if (items.length === 0) throw new HaganeError('invalid', 'the feedback has no rows', { hint: 'send at least one' })
  const { workspace, name } = host.entry
  const said: CapturedFeedback = { workspace, endpoint: name, received_at: new Date().toISOString(), items }
  collector.feedback(said)
  return items.length
}

function rowsOf(text: string, contentType: string): unknown[] {
  if (/ndjson|json-?lines|jsonl/i.test(contentType)) {
    return text
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(parsed)
  }
  const value = parsed(text)
  if (Array.isArray(value)) return value
  const { feedback } = value as { feedback?: unknown }
  return Array.isArray(feedback) ? feedback : [value]
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    throw new HaganeError('invalid', `the feedback is not JSON: ${(error as Error).message}`, {
      hint: 'send {"prediction_id": "pr-…", "label": 1}, or a list of such',
    })
  }
  throw new HaganeError('invalid', 'the feedback is neither an object nor a list', {
    hint: 'send {"prediction_id": "pr-…", "label": 1}, or a list of such',
  })
}

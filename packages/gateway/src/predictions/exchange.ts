import {
  type CaptureHeader,
  type CaptureNotes,
  type CollectionPlan,
  captureFrames,
  type GatewayDeployment,
  type GatewayEndpoint,
  notKept,
  type PredictionRecord,
  samplePoint,
} from '@hagane/contract'
import type { WorkerAnswer, WorkerRequest } from '../serving/frames.ts'

/** What passed between a caller and a deployment, as far as it may have to be kept. */
export interface Exchange {
  readonly endpoint: GatewayEndpoint
  readonly deployment: GatewayDeployment
  readonly request: WorkerRequest
  readonly answer: WorkerAnswer
  readonly requestId: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Deployments that the request was copied to. */
  readonly shadows: readonly string[]
}

const nothing: CollectionPlan = { collections: {}, headers: [], redact: {}, copies: {} }

/** What a file of captures says of itself: everything that turning it into tables takes. */
export const headerOf = ({ endpoint, deployment }: Exchange): CaptureHeader => ({
  workspace: endpoint.workspace,
  endpoint: endpoint.name,
  deployment: deployment.name,
  revision: deployment.revision_id,
  plan: deployment.collection ?? nothing,
})

/** The frame of an exchange; undefined when nothing of it is to be kept. Bodies of streams have passed and are not kept. */
export function exchangeFrame(record: PredictionRecord, line: string, exchange: Exchange): Buffer | undefined {
  const { answer, request, endpoint } = exchange
  const plan = exchange.deployment.collection?.collections
  const isCompared = exchange.shadows.length > 0 || record.mirror_of !== undefined
  if (plan === undefined && !isCompared) return undefined
  const point = samplePoint(record.mirror_of ?? record.id)
  const takes = (collection: string): boolean => point < (plan?.[collection] ?? 0)
  const keepsAnswer =
    takes('response') || takes('model_outputs') || (isCompared && point < (endpoint.comparison_share ?? 1))
  const keepsRequest = takes('request') || takes('model_inputs')
  if (!keepsAnswer && !keepsRequest && answer.collected === undefined) return undefined
  return packed([
    Buffer.from(line),
    Buffer.from(JSON.stringify(notesOf(exchange))),
    keepsRequest ? request.body : undefined,
    keepsAnswer && answer.stream === undefined ? answer.body : undefined,
    answer.collected,
  ])
}

function notesOf(exchange: Exchange): CaptureNotes {
  const { answer, deployment, headers, request, requestId, shadows } = exchange
  const wanted = deployment.collection?.headers ?? []
  const kept = wanted.flatMap(name => (headers[name] === undefined ? [] : [[name, String(headers[name])]]))
  const type = answer.headers.find(([name]) => name.toLowerCase() === 'content-type')
  return {
    content_type: request.contentType,
    answer_type: type?.[1] ?? '',
    request_id: requestId,
    ...(shadows.length === 0 ? {} : { mirrored: shadows }),
    ...(kept.length === 0 ? {} : { headers: Object.fromEntries(kept) }),
  }
}

function packed(parts: (Buffer | undefined)[]): Buffer {
  const lengths = 5 + parts.length * 4
  const size = parts.reduce((sum, part) => sum + (part?.length ?? 0), lengths)
  const frame = Buffer.allocUnsafe(size)
  frame.writeUInt32LE(size - 4, 0)
  frame[4] = captureFrames.exchange
  let at = lengths
  for (const [n, part] of parts.entries()) {
    frame.writeUInt32LE(part?.length ?? notKept, 5 + n * 4)
    if (part !== undefined) at += part.copy(frame, at)
  }
  return frame
}

/** A frame that holds JSON. */
export function jsonFrame(type: number, value: unknown): Buffer {
  const content = Buffer.from(JSON.stringify(value))
  const frame = Buffer.allocUnsafe(5 + content.length)
  frame.writeUInt32LE(content.length + 1, 0)
  frame[4] = type
  content.copy(frame, 5)
  return frame
}

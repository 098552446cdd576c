import { type CollectedFile, collectionRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { takeFeedback } from './feedback.ts'
import type { Questions } from './questions.ts'

/** What the routes need of the domain. */
export interface CollectionUses {
  questions: Questions
  feedback(
    ...of: Parameters<typeof takeFeedback> extends [unknown, ...infer Rest] ? Rest : never
  ): ReturnType<typeof takeFeedback>
  files(
    workspace: string,
    endpoint: string,
    filter: { collection?: string | undefined; deployment?: string | undefined },
  ): Promise<CollectedFile[]>
}

export const bindRoutes = (uses: CollectionUses): BoundRoute[] => [
  implement(collectionRoutes.predictions, call => uses.questions.predictions(placeOf(call), call.body, call.signal)),
  implement(collectionRoutes.exportPredictions, async call => ({
    stream: await uses.questions.file(placeOf(call), call.body, call.signal),
    headers: { 'content-type': types[call.body.format] },
  })),
  implement(collectionRoutes.comparison, call => uses.questions.compare(placeOf(call), call.query, call.signal)),
  implement(collectionRoutes.feedback, call => uses.feedback(call, call.params.name, call.body)),
  implement(collectionRoutes.collected, async call => ({
    items: await uses.files(call.workspace, call.params.name, call.query),
  })),
]

const placeOf = (call: { workspace: string; params: { name: string } }) => ({
  workspace: call.workspace,
  endpoint: call.params.name,
})

const types = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
} as const

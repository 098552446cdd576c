import { HaganeError } from '@hagane/contract'
import type { Column } from '../inference/columns.ts'
import type { InferenceRequest } from '../inference/request.ts'
import { rowsOf, type Tensor } from '../inference/tensor.ts'
import { writeMlflow } from '../protocols/mlflow-answer.ts'
import { readMlflow } from '../protocols/mlflow-json.ts'
import { writeOip } from '../protocols/oip-answer.ts'
import { readOip } from '../protocols/oip-request.ts'
import { monotonicSeconds } from '../serving/clock.ts'
import { routes, type WorkerAnswer } from '../serving/frames.ts'
import type { ModelDescription } from '../serving/worker.ts'
import { answersRowByRow, BatchLimit } from './batching.ts'
import { describeOnnx } from './describe.ts'
import { FeedBuilder, type Feeds, joinFeeds } from './feeds.ts'
import { OnnxSession } from './session.ts'
import type { FramedRequest } from './worker-frames.ts'

/** How long a run may take for the sake of requests that share it. */
const batchBudgetMs = 10

export interface OnnxConfig {
  readonly model_file: string
  readonly columns?: readonly Column[]
  readonly batching?: boolean
}

interface Prepared {
  readonly framed: FramedRequest
  readonly request: InferenceRequest
  readonly feeds: Feeds
}

export type Answered = readonly [FramedRequest, WorkerAnswer]

/** One loaded ONNX model: reads requests of every protocol, runs those that came together in one go, and answers each. */
export class ServedModel {
  readonly description: ModelDescription
  readonly #session: OnnxSession
  readonly #feeds: FeedBuilder
  readonly #batching: boolean
  readonly #limit = new BatchLimit(batchBudgetMs)
  readonly #names: { model: string; version: string }

  /** Loads the model and warms it up. Throws what is wrong with it. */
  static async load(config: OnnxConfig, names: { model: string; version: string }): Promise<ServedModel> {
    const threads = Number(process.env.OMP_NUM_THREADS ?? 1) || 1
    const session = await OnnxSession.load(config.model_file, threads)
    const rowByRow = await answersRowByRow(session)
    if (session.leftOut.length > 0) {
      console.log(`outputs that are no tensors are left out: ${session.leftOut.join(', ')}`)
    }
    return new ServedModel(session, config, rowByRow && config.batching !== false, names)
  }

  private constructor(
    session: OnnxSession,
    { columns }: OnnxConfig,
    batching: boolean,
    names: { model: string; version: string },
  ) {
    this.#session = session
    this.#batching = batching
    this.#names = names
    this.#feeds = new FeedBuilder(session.inputs, columns)
    this.description = describeOnnx(session, columns, batching)
  }

  /** Answers requests that arrived together; yields what is ready. */
  async *answer(framed: readonly FramedRequest[]): AsyncGenerator<Answered[]> {
    const refused: Answered[] = []
    const groups = new Map<string, Prepared[]>()
    for (const one of framed) {
      try {
        const prepared = this.#prepare(one)
        const key = (this.#batching && !one.isSolo && keyOf(prepared.feeds)) || `alone ${one.id}`
        const group = groups.get(key)
        if (group === undefined) groups.set(key, [prepared])
        else group.push(prepared)
      } catch (error) {
        refused.push([one, refusal(error, one)])
      }
    }
    if (refused.length > 0) yield refused
    for (const group of groups.values()) {
      for (let at = 0; at < group.length; ) {
        const end = endOfBatch(group, at, this.#limit.rows)
        yield await this.#runTogether(group.slice(at, end))
        at = end
      }
    }
  }

  #prepare(framed: FramedRequest): Prepared {
    if (framed.deadline <= monotonicSeconds()) {
      throw new LateRequest('timeout', 'the request waited longer than request_timeout_ms allows')
    }
    const request =
      framed.route === routes.infer
        ? readOip(framed.body, headerLengthOf(framed.contentType))
        : readMlflow(framed.contentType, framed.body)
    return { framed, request, feeds: this.#feeds.build(request.input) }
  }

  async #runTogether(batch: readonly Prepared[]): Promise<Answered[]> {
    try {
      const started = performance.now()
      const outputs = await this.#session.run(joinFeeds(batch.map(one => one.feeds)))
      const rows = batch.reduce((sum, one) => sum + one.feeds.rows, 0)
      this.#limit.ran(rows, performance.now() - started)
      let start = 0
      return batch.map(one => {
        const end = start + one.feeds.rows
        const own = batch.length === 1 ? outputs : outputs.map(output => rowsOf(output, start, end))
        start = end
        return [one.framed, this.#answerOf(one, own)]
      })
    } catch (error) {
      const [first] = batch as [Prepared]
      if (batch.length === 1) return [[first.framed, failure(error, first.framed)]]
      const alone: Answered[] = []
      for (const one of batch) alone.push(...(await this.#runTogether([one])))
      return alone
    }
  }

  #answerOf({ framed, request, feeds }: Prepared, outputs: readonly Tensor[]): WorkerAnswer {
    if (framed.route !== routes.infer) {
      const body = writeMlflow(outputs, feeds.isTable, framed.route === routes.invocations)
      return { status: 200, rows: feeds.rows, headers: jsonHeaders, body }
    }
    try {
      const answer = writeOip({ ...this.#names, predictionId: framed.name }, request, outputs)
      return { status: 200, rows: feeds.rows, ...answer }
    } catch (error) {
      return refusal(error, framed)
    }
  }
}

const jsonHeaders: [string, string][] = [['content-type', 'application/json']]

class LateRequest extends HaganeError {
  override get status(): number {
    return 504
  }
}

/**
 * Requests of the same key fit into one run: equal types, and equal shapes but for the rows. Undefined when inputs differ
 * in their rows: joined with others, the rows of one request would meet those of another.
 */
export const keyOf = ({ tensors, rows }: Pick<Feeds, 'tensors' | 'rows'>): string | undefined =>
  tensors.every(({ shape }) => shape[0] === rows)
    ? tensors.map(({ shape }) => `[${shape.slice(1).join('x')}]`).join(' ')
    : undefined

function endOfBatch(group: readonly Prepared[], start: number, mostRows: number): number {
  let rows = group[start]?.feeds.rows ?? 0
  let end = start + 1
  while (end < group.length && rows + (group[end]?.feeds.rows ?? 0) <= mostRows) {
    rows += group[end]?.feeds.rows ?? 0
    end += 1
  }
  return end
}

function headerLengthOf(contentType: string): number | undefined {
  const [, length] = contentType.split(';')
  return length === undefined ? undefined : Number(length)
}

const answerWith = (error: HaganeError, framed: FramedRequest, headers: [string, string][] = []): WorkerAnswer => ({
  status: error.status,
  rows: 0,
  headers: [...headers, ...jsonHeaders],
  body: Buffer.from(JSON.stringify(error.toBody(framed.name))),
})

/** What the caller can mend; anything else is the model failing. */
function refusal(error: unknown, framed: FramedRequest): WorkerAnswer {
  return error instanceof HaganeError ? answerWith(error, framed) : failure(error, framed)
}

/** The model's own failure: what went wrong is in the log, under the id that the caller is given. */
function failure(error: unknown, framed: FramedRequest): WorkerAnswer {
  console.error(`prediction ${framed.name} failed\n${(error as Error).stack}`)
  const told = new HaganeError('internal', 'the model raised an error', {
    hint: `the error is in the log of the deployment, under prediction id ${framed.name}`,
  })
  return answerWith(told, framed, [['x-ms-run-function-failed', 'True']])
}

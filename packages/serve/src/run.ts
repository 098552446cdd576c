import { stripVTControlCharacters } from 'node:util'
import type { ErrorDetail, HaganeError } from '@hagane/contract'
import type { ServeOptions } from './options.ts'
import { type Serving, serveModel } from './serve-model.ts'

export interface ServeSurroundings {
  env: NodeJS.ProcessEnv
  /** One line for the person who started it. */
  say(line: string): void
  /** Calls back when it is told to end; answers how to stop listening. */
  onInterrupt(listener: () => void): () => void
}

/**
 * Serves a model in the foreground until it is told to end. Resolves to the exit code; 130 when it was interrupted before
 * it served. Throws what the author can mend.
 */
export async function runServe(options: ServeOptions, { env, say, onInterrupt }: ServeSurroundings): Promise<number> {
  const stop = new AbortController()
  const interrupted = new Promise<void>(resolve => {
    const off = onInterrupt(() => {
      say('ending: what is open is answered first')
      stop.abort()
      off()
      resolve()
    })
  })
  const serving = await serveModel(options, { env, onLine: say, signal: stop.signal }).catch((error: unknown) => {
    if (stop.signal.aborted) return 'interrupted' as const
    throw error
  })
  if (serving === 'interrupted') return 130
  if (serving === undefined) {
    say('the environment is ready')
    return 0
  }
  for (const line of greeting(serving, options)) say(line)
  await interrupted
  await serving.close()
  return 0
}

function greeting({ title, url, grpc, model }: Serving, { key, workers }: ServeOptions): string[] {
  const credentials = key === undefined ? '' : ` -H "Authorization: Bearer $HAGANE_SERVE_KEY"`
  return [
    `the ${title} is served at ${url} by ${workers === 1 ? 'one worker' : `${workers} workers`}`,
    '  MLflow                   POST /invocations    dataframe_split, dataframe_records, instances, inputs, CSV',
    '  Azure ML                 POST /score          GET /swagger.json',
    `  Open Inference Protocol  POST /v2/models/${model}/infer, gRPC at ${grpc}`,
    `curl${credentials} -H 'content-type: application/json' -d @request.json ${url}/invocations`,
    'Ctrl-C ends it',
  ]
}

/** A failure in lines for people: what it is, which property, and what to do. `debug` adds where it comes from. */
export function failureLines(error: unknown, debug = false): string[] {
  if (!(error instanceof Error)) return [`error: ${String(error)}`]
  const { hint, details = [] } = error as Partial<HaganeError>
  const isExpected = error.name === 'HaganeError' || 'syscall' in error
  const told = hint ?? (isExpected || debug ? undefined : 'run it again with --debug to see where this comes from')
  return [
    `error: ${error.message}`,
    ...details.filter(detail => !isSaid(detail, error.message)).map(detail => `  ${detailLine(detail)}`),
    ...(told === undefined ? [] : [`hint: ${told}`]),
    ...(debug ? [error.stack ?? ''] : []),
  ]
}

const isSaid = ({ message, sent, allowed }: ErrorDetail, by: string): boolean =>
  sent === undefined && allowed === undefined && by.includes(message)

function detailLine({ property, message, sent, allowed }: ErrorDetail): string {
  const facts = Object.entries({ sent, allowed }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`],
  )
  const place = property === undefined || property === '' ? '' : `${property}  `
  return `${place}${message}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
}

/** Text of models and files made harmless for a terminal: no control characters but line breaks and tabs. */
export const harmless = (text: string): string =>
  stripVTControlCharacters(text).replace(/\p{Cc}/gu, control => (/[\n\t]/.test(control) ? control : ''))

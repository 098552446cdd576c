import { z } from 'zod'

/** What becomes of a column in everything that is collected: left out, replaced by a keyed digest, or by asterisks. */
export const redactions = ['drop', 'hash', 'mask'] as const
export const redaction = z.enum(redactions)
export type Redaction = z.output<typeof redaction>

const share = z.number().min(0).max(1)

/** Azure ML's names for what comes by itself; every other collection holds what a script's `Collector` hands over. */
export const contentCollections = ['request', 'response', 'model_inputs', 'model_outputs'] as const
export type ContentCollection = (typeof contentCollections)[number]

/** What a deployment collects: Azure ML's `data_collector`, reduced to what decides. */
export const collectionPlan = z.strictObject({
  collections: z.record(z.string(), share).describe('collection to the share of requests it takes'),
  headers: z.array(z.string()).default([]).describe('request headers kept with the request, in lower case'),
  redact: z.record(z.string(), redaction).default({}).describe('column, as it is called in inputs and outputs'),
  copies: z
    .record(z.string(), z.string())
    .default({})
    .describe('collection to the datastore path that its files are also written to'),
})
export type CollectionPlan = z.output<typeof collectionPlan>

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const digits = 6

/**
 * Where a prediction stands in [0, 1): it is in a sample of share `s` when this is below `s`. Taken from the random part
 * of its id, so whoever asks again, now or later, is told the same.
 */
export function samplePoint(predictionId: string): number {
  let value = 0
  const end = predictionId.indexOf('-', 20)
  const id = end < 0 ? predictionId : predictionId.slice(0, end)
  for (let at = id.length - digits; at < id.length; at += 1) value = value * 32 + crockford.indexOf(id[at] as string)
  return value / 32 ** digits
}

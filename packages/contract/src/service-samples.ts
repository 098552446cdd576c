import { z } from 'zod'

const figure = z.record(z.string().min(1).max(300), z.number())

/** Counts by upper bound as text (`0.005`, `+Inf`), empty ones left out, so that histograms of different bounds add up. */
export const sparseHistogram = z.strictObject({ sum: z.number(), counts: z.record(z.string(), z.number()) })
export type SparseHistogram = z.output<typeof sparseHistogram>

/**
 * What one thing has counted since its counters began, and how it stands. `since` is an id of that beginning: counters
 * that start again at 0 have another one.
 */
export const subjectFigures = z.strictObject({
  workspace: z.string().max(255).describe('empty: of the whole installation'),
  subject: z.string().min(1).max(1000),
  since: z.string().min(1).max(100),
  counters: figure.default({}),
  gauges: figure.default({}),
  histograms: z.record(z.string().min(1).max(300), sparseHistogram).default({}),
})
export type SubjectFigures = z.output<typeof subjectFigures>

/** All that a process has to tell at one time. `seq` rises by one with each of its samples. */
export const serviceSample = z.strictObject({
  seq: z.number().int().min(1),
  time: z.iso.datetime({ offset: true }).describe('the end of what it covers'),
  seconds: z.number().positive().max(86_400).describe('how long before `time` it begins'),
  subjects: z.array(subjectFigures).max(20_000),
})
export type ServiceSample = z.output<typeof serviceSample>

export const serviceSamples = z.strictObject({
  source: z.string().min(1).max(300).describe('who tells it; stays the same over restarts'),
  samples: z.array(serviceSample).max(100),
})
export type ServiceSamples = z.output<typeof serviceSamples>

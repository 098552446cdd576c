import { expect, test } from 'vitest'
import { z } from 'zod'
import { dataInput } from '../job-inputs.ts'
import { modelSpec } from '../models.ts'
import { componentSpec } from '../pipeline-specs.ts'
import { HaganeError, parseOrThrow } from './errors.ts'

const detailsOf = (schema: z.ZodType, value: unknown) => {
  try {
    parseOrThrow(schema, value, 'body')
  } catch (error) {
    if (error instanceof HaganeError) return error.details
    throw error
  }
  return undefined
}

test('a failed union tells what is wrong in the branch that was meant, with the full path', () => {
  const schema = z.object({ inputs: z.record(z.string(), z.union([z.string(), dataInput])) })
  expect(detailsOf(schema, { inputs: { a: { type: 'uri_flie' } } })).toMatchObject([
    { property: 'inputs.a.type', sent: 'uri_flie', allowed: expect.arrayContaining(['uri_file']) },
  ])
})

test('a failed union of typed objects follows the type', () => {
  const details = detailsOf(componentSpec, { type: 'pipeline', jobs: { a: { command: 1 } } })
  expect(details).toMatchObject([{ property: 'jobs.a.command', sent: 1, allowed: 'string' }])
})

test('a value of none of the kinds is told all of them once', () => {
  const schema = z.object({ a: z.union([z.string(), z.union([z.number(), z.string()]), z.object({})]) })
  expect(detailsOf(schema, { a: true })).toEqual([
    {
      property: 'a',
      message: 'expected string or number or object',
      sent: true,
      allowed: 'string or number or object',
    },
  ])
})

test('a model needs a name and a path and is custom unless it says so', () => {
  expect(modelSpec.parse({ name: 'm', version: 1, path: 'runs:/abc/model', run_id: 'abc' })).toEqual({
    name: 'm',
    version: '1',
    path: 'runs:/abc/model',
    run_id: 'abc',
    type: 'custom_model',
  })
  expect(
    detailsOf(modelSpec, { type: 'onnx' })
      ?.map(detail => detail.property)
      .sort(),
  ).toEqual(['name', 'path', 'type'])
})

import { expect, test } from 'vitest'
import { z } from 'zod'
import { jsonSchemas } from './json-schemas.ts'
import { manifestKindNames } from './kinds.ts'

test('there is one schema for each kind, and it describes what an author writes', () => {
  const schemas = jsonSchemas()
  expect(Object.keys(schemas)).toEqual(manifestKindNames)
  const accepts = (kind: keyof typeof schemas, value: unknown) =>
    z.fromJSONSchema(schemas[kind] as never).safeParse(value).success
  expect(accepts('data', { name: 'd', path: './x', version: 1 })).toBe(true)
  expect(accepts('data', { name: 'd', path: './x', unknown: 1 })).toBe(false)
  expect(accepts('environment', { name: 'e', image: 'debian', conda_file: './conda.yml' })).toBe(true)
  expect(accepts('model', { name: 'm' })).toBe(false)
})

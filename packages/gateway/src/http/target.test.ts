import { expect, test } from 'vitest'
import { parseTarget } from './target.ts'

test.each([
  ['/endpoints/iris/score', 'default', 'iris', 'score'],
  ['/ws/team/endpoints/iris/invocations', 'team', 'iris', 'invocations'],
  ['/endpoints/iris', 'default', 'iris', 'health'],
  ['/endpoints/iris/', 'default', 'iris', 'health'],
  ['/endpoints/ir%69s/swagger.json?version=3', 'default', 'iris', 'swagger'],
])('%s', (url, workspace, endpoint, action) => {
  expect(parseTarget(url)).toMatchObject({ workspace, endpoint, action })
  expect(parseTarget(url)).toMatchObject({ workspace, endpoint, action })
})

test.each([
  '/',
  '/endpoints',
  '/endpoints//score',
  '/endpoints/a/b',
  '/endpoints/a/score/',
  '/endpoints/%/score',
  '/ws/a/score',
])('%s asks for nothing', url => {
  expect(parseTarget(url)).toBeUndefined()
})

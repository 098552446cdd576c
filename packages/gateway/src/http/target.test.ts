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

test.each(['/', '/endpoints', '/endpoints//score', '/endpoints/%/score', '/ws/a/score'])('%s asks for nothing', url => {
  expect(parseTarget(url)).toBeUndefined()
})

test.each(['/endpoints/a/b', '/endpoints/a/score/', '/endpoints/a/v2/models/x:predict?y=1'])(
  '%s may be a route of a server behind the endpoint',
  url => {
    expect(parseTarget(url)).toMatchObject({ action: 'own', path: url.replace('/endpoints/a', '').split('?')[0] })
  },
)

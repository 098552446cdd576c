import { expect, it } from 'vitest'
import { drawLineage } from './lineage-tree.ts'

const edge = (from: string, relation: string, to: string) => ({ from, relation, to, actor: 'a', time: 't', event: 1 })
const graph = {
  root: 'model:m:1',
  nodes: [],
  edges: [
    edge('model:m:1', 'was made by', 'job:a'),
    edge('job:a', 'read as data', 'data:d:1'),
    edge('job:a', 'ran code', 'code:1'),
    edge('model:m:1', 'was registered by', 'person:b'),
    edge('deployment:e/blue', 'serves', 'model:m:1'),
    edge('job:a', 'was started by', 'person:b'),
  ],
}

it('draws what a thing was made of, each thing once with its branches', () => {
  expect(drawLineage(graph, 'up')).toBe(`model:m:1
├─ was made by  job:a
│  ├─ read as data  data:d:1
│  ├─ ran code  code:1
│  └─ was started by  person:b
└─ was registered by  person:b  (see above)
`)
})

it('draws what came of a thing', () => {
  expect(drawLineage(graph, 'down')).toBe('model:m:1\n└─ deployment:e/blue  serves\n')
})

it('ends also in a graph with a circle', () => {
  const circle = { root: 'a', nodes: [], edges: [edge('a', 'x', 'b'), edge('b', 'y', 'a')] }
  expect(drawLineage(circle, 'both')).toContain('(see above)')
})

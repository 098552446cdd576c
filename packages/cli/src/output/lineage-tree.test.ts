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

it('says the facts that matter beside each thing, cut to a line', () => {
  const node = (id: string, kind: 'job' | 'model', facts: Record<string, unknown>) => ({
    id,
    kind,
    name: id,
    facts,
    depth: 0,
  })
  const nodes = [
    node('job:a', 'job', { step: 'train', params: { lr: '0.1', note: 'x'.repeat(500) }, metrics: { auc: 0.70912345 } }),
  ]
  const [, line] = drawLineage({ root: 'm', nodes, edges: [edge('m', 'was made by', 'job:a')] }, 'up').split('\n')
  expect(line).toContain('job:a  (step train, params lr=0.1 note=xxx')
  expect(line?.length).toBeLessThan(200)
})

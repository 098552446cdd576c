import { describe, expect, it } from 'vitest'
import { runGrammar } from './grammar.ts'
import { parseOrderBy } from './order-by.ts'

const order = (...clauses: string[]) => parseOrderBy(clauses, runGrammar)

describe('order_by', () => {
  it.each([
    ['metrics.acc', { entity: 'metric', key: 'acc', ascending: true }],
    ['metrics.`val loss` desc', { entity: 'metric', key: 'val loss', ascending: false }],
    ['params.p DESC', { entity: 'param', key: 'p', ascending: false }],
    ['tag.mlflow.runName ASC', { entity: 'tag', key: 'mlflow.runName', ascending: true }],
    ['start_time asc', { entity: 'attribute', key: 'start_time', ascending: true }],
    ['attribute.Created', { entity: 'attribute', key: 'start_time', ascending: true }],
    ['`Run Name`', { entity: 'attribute', key: 'run_name', ascending: true }],
  ])('understands %s', (clause, expected) => {
    expect(order(clause)).toEqual([expected])
  })

  it.each([
    ['metrics.a, metrics.b', "Invalid order_by clause 'metrics.a, metrics.b'. Could not be parsed."],
    ['', "Invalid order_by clause ''. Could not be parsed."],
    ['metrics.a DESC x', 'Could not be parsed.'],
    ['metrics.a FOO', "Invalid ordering key in order_by clause 'metrics.a FOO'."],
    ['dataset.name', "Invalid identifier type 'dataset'"],
    ['attributes.lifecycle_stage', "Invalid attribute key 'lifecycle_stage' specified. Valid keys are '{"],
    ['acc', "Invalid attribute key 'acc' specified."],
  ])('refuses %j', (clause, message) => {
    expect(() => order(clause)).toThrow(message)
  })

  it('refuses the same field twice', () => {
    expect(() => order('metrics.a', 'metric.a DESC')).toThrow('`order_by` contains duplicate fields')
  })
})

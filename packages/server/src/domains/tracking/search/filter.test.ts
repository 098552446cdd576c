import { describe, expect, it } from 'vitest'
import { parseFilter } from './filter.ts'
import {
  experimentGrammar,
  loggedModelGrammar,
  modelVersionGrammar,
  registeredModelGrammar,
  runGrammar,
} from './grammar.ts'

const runs = (filter: string) => parseFilter(filter, runGrammar)

describe('a filter of runs', () => {
  it('is empty for no text', () => {
    expect(runs('')).toEqual([])
    expect(parseFilter(undefined, runGrammar)).toEqual([])
  })

  it.each([
    ['metrics.acc > 0.5', { entity: 'metric', key: 'acc', operator: '>', value: 0.5 }],
    ['metric.acc<=-1e-3', { entity: 'metric', key: 'acc', operator: '<=', value: -0.001 }],
    ['metrics.`val loss` < 1', { entity: 'metric', key: 'val loss', operator: '<', value: 1 }],
    ['metrics."val/loss" != 1', { entity: 'metric', key: 'val/loss', operator: '!=', value: 1 }],
    ["tags.a.b.c = 'x'", { entity: 'tag', key: 'a.b.c', operator: '=', value: 'x' }],
    ['tags."a.b" = "x y"', { entity: 'tag', key: 'a.b', operator: '=', value: 'x y' }],
    ["parameter.p = ''", { entity: 'param', key: 'p', operator: '=', value: '' }],
    ["params.p like '%a_'", { entity: 'param', key: 'p', operator: 'LIKE', value: '%a_' }],
    ["params.p iLike 'a'", { entity: 'param', key: 'p', operator: 'ILIKE', value: 'a' }],
    ["tag.t = 'it''s'", { entity: 'tag', key: 't', operator: '=', value: "it''s" }],
    ['tags.t IS NULL', { entity: 'tag', key: 't', operator: 'IS NULL', value: null }],
    ['params.t is not null', { entity: 'param', key: 't', operator: 'IS NOT NULL', value: null }],
    ["status = 'FINISHED'", { entity: 'attribute', key: 'status', operator: '=', value: 'FINISHED' }],
    ['attr.start_time >= 100', { entity: 'attribute', key: 'start_time', operator: '>=', value: 100 }],
    ['created > 1', { entity: 'attribute', key: 'start_time', operator: '>', value: 1 }],
    ["`run name` = 'x'", { entity: 'attribute', key: 'run_name', operator: '=', value: 'x' }],
    ["attributes.`Run Name` = 'x'", { entity: 'attribute', key: 'run_name', operator: '=', value: 'x' }],
    ['run.run_id IN (\'a\', "b")', { entity: 'attribute', key: 'run_id', operator: 'IN', value: ['a', 'b'] }],
    ["run_id not in ('a')", { entity: 'attribute', key: 'run_id', operator: 'NOT IN', value: ['a'] }],
    ["datasets.name IN ('d')", { entity: 'dataset', key: 'name', operator: 'IN', value: ['d'] }],
    ["dataset.context = 'train'", { entity: 'dataset', key: 'context', operator: '=', value: 'train' }],
    ["tags.日本 = '語'", { entity: 'tag', key: '日本', operator: '=', value: '語' }],
  ])('understands %s', (filter, expected) => {
    expect(runs(filter)).toEqual([expected])
  })

  it('joins comparisons by AND in any case and any white space', () => {
    expect(runs("metrics.a > 1 and\n params.b = 'AND'\tAND tags.c != 'x'").map(one => one.key)).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ["metrics.a > 'x'", "Expected numeric value type for metric. Found 'x'"],
    ["start_time LIKE 'x'", "Expected numeric value type for numeric attribute: start_time. Found 'x'"],
    ["attributes.foo = 'x'", "Invalid attribute key 'foo' specified. Valid keys are '{"],
    ["attributes.constructor = 'x'", "Invalid attribute key 'constructor' specified."],
    [
      'foo.bar = 1',
      "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    ],
    ["a.b.c='1'", "Invalid entity type 'a'."],
    ["params.a > '1'", "Invalid comparator '>' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL'}'"],
    ["params.a == '1'", "Invalid comparator '==' not one of '{"],
    [
      "attribute.status IN ('RUNNING')",
      "Only ['run_id'] attributes support comparison with a list of quoted string values.",
    ],
    ['attribute.run_id IN ()', 'expected a non-empty list of string values, but got empty list'],
    [
      'attribute.run_id IN (1)',
      'expected string value, punctuation, or whitespace, but got different type in list: (1)',
    ],
    ["attribute.run_id IN ('a'", 'but got ill-formed list.'],
    ["attribute.run_id = ('a')", "Invalid comparator '=' not one of"],
    ["tags.x IN ('a')", "Expected a quoted string value for tag (e.g. 'my-value'). Got value ('a')"],
    ['params.p = 1', "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"],
    ['status = 1', 'Expected a quoted string value for attributes. Got value 1'],
    ["metrics.a > 1 OR params.b = 'x'", "Invalid clause(s) in filter string: 'OR'"],
    ["(params.a='1')", "Invalid clause(s) in filter string: '(params.a='1')'"],
    ['params.a LIKE', 'Invalid clause(s) in filter string:'],
    ['metrics.a BETWEEN 1 AND 2', 'Invalid clause(s) in filter string:'],
    ['NOT metrics.a = 1', "Invalid clause(s) in filter string: 'NOT'"],
    ['metrics.a = 1 AND', 'Could not be parsed.'],
    ['metrics.a = 1 ; drop', 'Search filter contained multiple expression'],
    ['metrics.a = 1;', "Invalid clause(s) in filter string: ';'"],
    ['metrics.x IS NULL', "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'x'"],
    ["datasets.source = 'x'", "Invalid dataset key 'source' specified."],
    ['params.p = `x`', 'Parameter value is either not quoted'],
    ['#', "Invalid clause(s) in filter string: '#'"],
  ])('refuses %s', (filter, message) => {
    expect(() => runs(filter)).toThrow(
      expect.objectContaining({ code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(message) }),
    )
  })

  it('takes linear time for hostile text', () => {
    expect(() => runs(`tags.a = '${"''".repeat(40_000)}`)).toThrow()
    expect(() => runs(`${'tags.'.repeat(15_000)} = 'x'`)).not.toThrow(RangeError)
    expect(() => runs('x'.repeat(100_001))).toThrow(/longer than/)
  })
})

describe('the filters of other things', () => {
  it('know the attributes of experiments', () => {
    expect(parseFilter("name ILIKE 'a%' AND creation_time > 3", experimentGrammar)).toHaveLength(2)
    expect(() => parseFilter('metrics.a > 1', experimentGrammar)).toThrow("Invalid entity type 'metrics'")
    expect(() => parseFilter('name IS NULL', experimentGrammar)).toThrow('only supported for tags')
  })

  it('know version_number and run_id lists of model versions', () => {
    expect(parseFilter("run_id IN ('x') AND version_number > 2", modelVersionGrammar)).toHaveLength(2)
  })

  it('know quoted tags of registered models', () => {
    expect(parseFilter("tags.`mlflow.prompt.is_prompt` = 'true'", registeredModelGrammar)).toEqual([
      { entity: 'tag', key: 'mlflow.prompt.is_prompt', operator: '=', value: 'true' },
    ])
  })

  it('know entities of logged models by the plural only', () => {
    expect(parseFilter("attributes.status = 'READY' AND metrics.a > 1", loggedModelGrammar)).toHaveLength(2)
    expect(() => parseFilter("tag.a = 'x'", loggedModelGrammar)).toThrow(
      "Invalid entity type: 'tag'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
    )
  })
})

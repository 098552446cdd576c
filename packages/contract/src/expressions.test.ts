import { describe, expect, test } from 'vitest'
import { HaganeError } from './core/errors.ts'
import { findEmptyBlocks, findExpressions, pythonText, renderText, wholeExpression } from './expressions.ts'

const withInputs = (inputs: Record<string, string>) => (text: string) =>
  renderText(text, expression => (expression.scope === 'input' ? inputs[expression.name] : undefined))

describe('findExpressions', () => {
  test('reads every scope, with the node of an edge', () => {
    const scopes = (text: string) => findExpressions(text).map(({ scope, name, node }) => ({ scope, name, node }))
    expect(scopes('${{inputs.a}} ${{outputs.b}} ${{search_space.c}} ${{name}} ${{default_datastore}}')).toEqual([
      { scope: 'input', name: 'a' },
      { scope: 'output', name: 'b' },
      { scope: 'search-space', name: 'c' },
      { scope: 'name', name: 'name' },
      { scope: 'default-datastore', name: 'default_datastore' },
    ])
    expect(scopes('${{parent.inputs.a.b}} ${{parent.outputs.c}}')).toEqual([
      { scope: 'parent-input', name: 'a.b' },
      { scope: 'parent-output', name: 'c' },
    ])
    expect(scopes('${{parent.jobs.train.outputs.model}}${{parent.jobs.train.inputs.lr}}')).toEqual([
      { scope: 'job-output', name: 'model', node: 'train' },
      { scope: 'job-input', name: 'lr', node: 'train' },
    ])
    expect(scopes('${{creation_context.trigger_time}}')).toEqual([
      { scope: 'other', name: 'creation_context.trigger_time' },
    ])
  })

  test('allows inner spaces and gives the offsets of the text as written', () => {
    const text = 'cat ${{ inputs.data_dir }}/iris.csv'
    const [found] = findExpressions(text)
    expect(found).toMatchObject({ scope: 'input', name: 'data_dir' })
    expect(text.slice(found?.start, found?.end)).toBe('${{ inputs.data_dir }}')
  })

  test('offsets inside an optional block are offsets of the whole text', () => {
    const text = 'a $[[--x ${{inputs.x}}]] ${{inputs.y}}'
    expect(findExpressions(text).map(e => [text.slice(e.start, e.end), e.optional])).toEqual([
      ['${{inputs.x}}', true],
      ['${{inputs.y}}', false],
    ])
  })

  test('leaves shell variables and unclosed openings alone', () => {
    expect(findExpressions('echo $HOME ${HOME} ${{inputs.x} ${{ $[[')).toEqual([])
  })

  test('takes time in proportion to a hostile text', () => {
    const text = `${'$[['.repeat(100_000)}${'${{ '.repeat(100_000)}`
    expect(findExpressions(text)).toEqual([])
    expect(renderText(text, () => '')).toBe(text)
  })
})

describe('wholeExpression', () => {
  test('is the binding only when nothing stands beside it', () => {
    expect(wholeExpression(' ${{parent.inputs.x}} ')).toMatchObject({ scope: 'parent-input', name: 'x' })
    expect(wholeExpression('${{inputs.x}}/iris.csv')).toBeUndefined()
    expect(wholeExpression('${{inputs.x}}${{inputs.y}}')).toBeUndefined()
  })
})

describe('renderText', () => {
  test('substitutes raw text without quoting', () => {
    expect(withInputs({ text: 'hello "world" $X' })("echo '${{inputs.text}}'")).toBe(`echo 'hello "world" $X'`)
  })

  test('never looks into the values again', () => {
    expect(withInputs({ a: '${{inputs.b}} $[[x]]', b: 'secret' })('${{inputs.a}}')).toBe('${{inputs.b}} $[[x]]')
  })

  test('keeps an optional block that has a value and drops one that has none', () => {
    const command = 'train $[[--epochs ${{inputs.epochs}}]] $[[--lr ${{inputs.lr}}]] --out o'
    expect(withInputs({ lr: '0.1' })(command)).toBe('train  --lr 0.1 --out o')
  })

  test('drops a block as a whole when one of its inputs has no value', () => {
    expect(withInputs({ a: '1' })('[$[[--a ${{inputs.a}} --b ${{inputs.b}}]]]')).toBe('[]')
  })

  test('a block ends at the first ]] after }}', () => {
    expect(withInputs({ x: '1' })('$[[resume=${{inputs.x}}]] [[ -f y ]]')).toBe('resume=1 [[ -f y ]]')
    expect(withInputs({ x: '1' })('$[[a]] b ${{inputs.x}} ]]')).toBe('a b 1 ]]')
  })

  test('prints the inner text of a block without an expression, or the value of the input it names', () => {
    expect(withInputs({})('--name $[[inputs.model]]')).toBe('--name inputs.model')
    expect(withInputs({ model: 'm1' })('--name $[[inputs.model]]')).toBe('--name m1')
    expect(findEmptyBlocks('--name $[[inputs.model]] $[[--x ${{inputs.x}}]]')).toEqual(['$[[inputs.model]]'])
  })

  test('names the expression that has no value outside a block', () => {
    expect(() => withInputs({})('echo ${{inputs.missing}}')).toThrow(HaganeError)
    expect(() => withInputs({})('echo ${{inputs.missing}}')).toThrow('${{inputs.missing}}')
    expect(() => withInputs({})('echo ${{what.is.this}}')).toThrow('${{what.is.this}}')
  })
})

describe('pythonText', () => {
  test.each([
    [true, 'True'],
    [false, 'False'],
    [null, 'None'],
    ['1e-3', '1e-3'],
    [3, '3'],
    [0.25, '0.25'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [-2.5e-7, '-2.5e-07'],
    [1e-12, '1e-12'],
    [1e21, '1e+21'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [[1, 'a', true], "[1, 'a', True]"],
    [{ a: "it's", b: null }, `{'a': "it's", 'b': None}`],
  ])('%j prints as %s', (value, text) => {
    expect(pythonText(value)).toBe(text)
  })
})

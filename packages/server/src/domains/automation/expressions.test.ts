import { describe, expect, it } from 'vitest'
import { actionsNamed, expressionsIn, render, type Values } from './expressions.ts'

const values: Values = {
  event: { seq: 7, data: { share: 0.25, features: ['a', 'b'], 'odd key': '日本', on: true } },
  actions: { train: { state: 'succeeded', result: { model: 'flights:3' } } },
  rule: { name: 'retrain' },
  run: { number: 2 },
}

describe('expressions of a rule', () => {
  it.each([
    ['${{event.data.share}}', 0.25],
    ['${{ event.data.on }}', true],
    ['share ${{event.data.share}} of ${{rule.name}}', 'share 0.25 of retrain'],
    ['${{event.data.features[1]}}', 'b'],
    ['${{event.data["odd key"]}}', '日本'],
    ['${{event.data.features}}', ['a', 'b']],
    ['features: ${{event.data.features}}', 'features: ["a","b"]'],
    ['${{size(event.data.features)}}', 2],
    ['azureml:${{actions.train.result.model}}', 'azureml:flights:3'],
    ['${{run.number}}', 2],
  ])('%s comes to %j', (text, expected) => {
    expect(render(text, values, 'x')).toEqual(expected)
  })

  it.each([
    '${{inputs.event.x}}',
    '${{parent.jobs.run.outputs.event}}',
    '${{name}}',
    '${{search_space.run}}',
    '$[[x]]',
  ])('leaves %s to the job', text => {
    expect(render(text, values, 'x')).toBe(text)
    expect(expressionsIn(text, 'x')).toEqual([])
  })

  it('goes into maps and lists and leaves keys and other values as they are', () => {
    const given = { a: ['${{event.seq}}', 1, null], '${{event.seq}}': true }
    expect(render(given, values, 'x')).toEqual({ a: [7, 1, null], '${{event.seq}}': true })
  })

  it('names the property and the reason when there is no value, and reads no prototype', () => {
    expect(() => render({ a: ['${{event.data.nope}}'] }, values, 'do.0.notify')).toThrow(
      'do.0.notify.a.0: no value for ${{event.data.nope}}: No such key: nope',
    )
    expect(() => render('${{event.data.constructor}}', values, 'x')).toThrow('no value')
    expect(() => render('${{event.__proto__}}', values, 'x')).toThrow('no value')
  })

  it('knows which actions are named', () => {
    expect(actionsNamed('actions.train.state == "x" && actions["gate"].result.y > event.data.actions.z')).toEqual([
      'train',
      'gate',
    ])
  })
})

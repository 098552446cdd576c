import { describe, expect, it } from 'vitest'
import { checkPromptSource, parseSource } from './sources.ts'

describe('the source of a model version', () => {
  it.each([
    ['models:/m-abc', { kind: 'logged-model', modelId: 'm-abc' }],
    ['models:/flights/3', { kind: 'registered', name: 'flights', version: '3' }],
    ['models:/my model@champion', { kind: 'alias', name: 'my model', alias: 'champion' }],
    ['runs:/r1/model/', { kind: 'run', runId: 'r1', path: 'model' }],
    ['runs:/r1', { kind: 'run', runId: 'r1', path: '' }],
    ['mlflow-artifacts:/0/r/artifacts/model', { kind: 'location', uri: 'mlflow-artifacts:/0/r/artifacts/model' }],
    [
      'mlflow-artifacts://host:9000/models/artifact/..../',
      { kind: 'location', uri: 'mlflow-artifacts://host:9000/models/artifact/..../' },
    ],
    ['s3://bucket/a b/c', { kind: 'location', uri: 's3://bucket/a b/c' }],
  ])('may be %s', (source, expected) => {
    expect(parseSource(source)).toEqual(expected)
  })

  it.each([
    '/tmp',
    'model',
    './model',
    'file:///etc',
    'FILE:/etc/passwd',
    'file://host/x',
    'C:\\x',
    'c:/x',
    '~/model',
    '//host/share',
  ])('may not be local: %s', source => {
    expect(() => parseSource(source)).toThrow('To use a local path as a model version source')
  })

  it.each([
    'mlflow-artifacts://host:9000/models/../../../',
    'http://host:9000/models/../../../',
    's3a://my_bucket/api/2.0/mlflow-artifacts/artifacts/../../../',
    'mlflow-artifacts://host:9000/models/..%2f..%2fartifacts',
    'mlflow-artifacts:/a/%252e%252e/b',
    'mlflow-artifacts://host:9000/models/artifact%00',
    'dbfs:/x/artifacts/a%3f/../../../',
    'https://host/a?path=../../etc',
    'mlflow-artifacts:/a\\..\\b',
    'mlflow-artifacts:/a/./b',
    'models:/a/..',
  ])('may not be relative: %s', source => {
    expect(() => parseSource(source)).toThrow('If supplying a source as an http, https,')
  })

  it.each(['models:/a', 'models:/', 'models:/a/1/2', 'models:/a@'])('may not be half a model: %s', source => {
    expect(() => parseSource(source)).toThrow('Invalid model version source')
  })

  it('of a prompt is a placeholder', () => {
    expect(() => checkPromptSource('dummy-source')).not.toThrow()
    expect(() => checkPromptSource('s3://x')).toThrow(
      "Invalid prompt source: 's3://x'. Prompt sources must use an MLflow placeholder.",
    )
  })
})

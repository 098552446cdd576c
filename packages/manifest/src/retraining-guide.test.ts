import { readFileSync } from 'node:fs'
import { rolloutSpec } from '@hagane/contract'
import { expect, test } from 'vitest'
import { loadFrom } from './test-loading.ts'

const guide = readFileSync(new URL('../../../docs/guides/retraining.md', import.meta.url), 'utf8')
const training =
  'command: python train.py\ninputs:\n  flights: {type: uri_folder, path: "azureml:flights:1"}\n  until: ""\n'

test('the template of the guide is a rule, with a rollout in it that can be had', async () => {
  const template = /```yaml\n(name: retrain-flights\n.*?)```/s.exec(guide)?.[1] ?? ''
  const { resource } = await loadFrom('rule', {
    'main.yml': template,
    'train/pipeline.yml': `type: pipeline\ninputs:\n  flights: {type: uri_folder, path: "azureml:flights:1"}\n  until: ""\njobs:\n  train:\n    ${training.replaceAll('\n', '\n    ').trimEnd()}\n`,
  })
  expect(resource.do.map(({ id }) => id)).toEqual(['train', 'challenger', 'gate', 'rollout', 'tell'])
  expect(Object.keys(resource.on)).toEqual(['event', 'schedule'])
  expect(rolloutSpec.parse(resource.do[3]?.start_rollout)).toMatchObject({ promotion: { alias: 'champion' } })
})

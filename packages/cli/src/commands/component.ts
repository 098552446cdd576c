import { type ComponentAsset, componentRoutes } from '@hagane/contract'
import { requiredText } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import { acceptedFlags, describeFlags } from './asset-flags.ts'
import { assetVerbs, showVerb } from './asset-verbs.ts'

const asset = { noun: 'component', routes: componentRoutes }

const create = verb({
  name: 'create',
  summary: 'Create a version of a component, its code included',
  examples: ['hagane component create -f train.yml', 'hagane component create -f train.yml --version 2'],
  flags: {
    ...describeFlags,
    file: requiredText('-f, --file <path>', 'YAML specification'),
    ...acceptedFlags,
  },
  run: async (call, options) => {
    const { file, set, name, version, description } = options
    const overrides = { name, version, description }
    const body = withTags(await loadResource(call, 'component', { file, set, overrides }), options.tags)
    await call.print<ComponentAsset>(await call.client.call(componentRoutes.create, { body }))
  },
})

export const noun: Noun = {
  name: 'component',
  summary: 'Manage components',
  verbs: [create, showVerb(asset), ...assetVerbs(asset)],
}

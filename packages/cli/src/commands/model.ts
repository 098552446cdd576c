import { resolve } from 'node:path'
import { HaganeError, type ModelAsset, modelRoutes, parseReference } from '@hagane/contract'
import { saveTree } from '../download/save-tree.ts'
import { requiredText, text } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { loadResource, pathFromFlag } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import { fileCount } from '../terminal/progress.ts'
import { acceptedFlags, describeFlags, needOneOf, versionPart } from './asset-flags.ts'
import { assetVerbs, showVerb } from './asset-verbs.ts'
import { explain } from './model-explain.ts'
import { labelHistory } from './model-label-history.ts'
import { packageVerb } from './model-package.ts'

const asset = { noun: 'model', routes: modelRoutes }

const create = verb({
  name: 'create',
  summary: 'Register a version of a model',
  examples: [
    'hagane model create -f model.yml',
    'hagane model create -n flights --type mlflow_model --path azureml://jobs/brave_iron_12/outputs/artifacts/paths/model',
  ],
  flags: {
    ...describeFlags,
    path: text('-p, --path <path>', 'local file or folder, runs:/<id>/<path> or azureml:// path'),
    type: text('-t, --type <type>', 'format of the model', {
      choices: ['custom_model', 'mlflow_model', 'triton_model'],
    }),
    stage: text('-s, --stage <stage>', 'where the version stands, e.g. Production'),
    ...acceptedFlags,
  },
  run: async (call, options) => {
    needOneOf('model create', options, ['file', 'path'])
    const { file, set, name, version, description, type, stage } = options
    const overrides = { name, version, description, type, stage, path: pathFromFlag(call, options.path) }
    const body = withTags(await loadResource(call, 'model', { file, set, overrides }), options.tags)
    await call.print<ModelAsset>(await call.client.call(modelRoutes.create, { body }))
  },
})

const download = verb({
  name: 'download',
  summary: 'Download the files of a model into a folder named after it',
  examples: ['hagane model download -n flights -v 3', 'hagane model download -n flights -l production -p /srv/models'],
  flags: {
    name: requiredText('-n, --name <name>', 'name of the model'),
    version: text('-v, --version <version>', 'version (default: the latest)'),
    label: text('-l, --label <label>', 'label that points at a version'),
    downloadPath: text('-p, --download-path <path>', 'where the folder is made (default: here)'),
  },
  run: async (call, options) => {
    const params = { name: options.name, version: versionPart(options) }
    const model = await call.client.call(modelRoutes.show, { params })
    const reference = parseReference(model.path)
    if (reference.form !== 'tree') {
      throw new HaganeError(
        'unsupported',
        `the content of ${model.id} is not in the server's store but at ${model.path}`,
      )
    }
    const folder = resolve(call.surroundings.cwd, options.downloadPath ?? '.', model.name)
    const source = { client: call.client, surroundings: call.surroundings, quiet: call.globals.onlyShowErrors }
    const saved = await saveTree(source, reference.digest, reference.path, folder)
    call.note(`${fileCount(saved)} of ${model.id} in ${folder}`)
  },
})

export const noun: Noun = {
  name: 'model',
  summary: 'Manage models',
  verbs: [create, showVerb(asset), download, packageVerb, labelHistory, explain, ...assetVerbs(asset)],
}

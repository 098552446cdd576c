import { type DataAsset, dataRoutes, HaganeError } from '@hagane/contract'
import { text, toggle } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { loadResource, pathFromFlag } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import { acceptedFlags, describeFlags, needOneOf } from './asset-flags.ts'
import { assetVerbs, showVerb } from './asset-verbs.ts'
import { diff } from './data-diff.ts'
import { drift } from './data-drift.ts'
import { profile } from './data-profile.ts'
import { recall } from './data-recall.ts'
import { validate } from './data-validate.ts'

const asset = { noun: 'data', routes: dataRoutes }

const create = verb({
  name: 'create',
  summary: 'Create a version of a data asset',
  examples: [
    'hagane data create -f data.yml',
    'hagane data create -n flights -v 1 --path ./flights.csv --type uri_file',
  ],
  flags: {
    ...describeFlags,
    path: text('-p, --path <path>', 'local file or folder, https:// address or azureml:// path'),
    type: text('-t, --type <type>', 'what the path is', { choices: ['uri_file', 'uri_folder', 'mltable'] }),
    ...acceptedFlags,
  },
  run: async (call, options) => {
    needOneOf('data create', options, ['file', 'path'])
    const { file, set, name, version, description, type } = options
    const overrides = { name, version, description, type, path: pathFromFlag(call, options.path) }
    const body = withTags(await loadResource(call, 'data', { file, set, overrides }), options.tags)
    await call.print<DataAsset>(await call.client.call(dataRoutes.create, { body }))
  },
})

const mount = verb({
  name: 'mount',
  summary: 'Refused: data is not mounted; jobs see it as local folders',
  examples: ['hagane job create -f job.yml'],
  flags: {
    path: text('--path <path>', 'accepted', { ignored: true }),
    mountPoint: text('--mount-point <path>', 'accepted', { ignored: true }),
    mode: text('--mode <mode>', 'accepted', { ignored: true }),
    persistent: toggle('--persistent', 'accepted', { ignored: true }),
  },
  run: async () => {
    throw new HaganeError('unsupported', 'data is not mounted on this machine', {
      hint: 'name the asset as an input of a job, where it appears as a local folder',
    })
  },
})

const importVerb = verb({
  name: 'import',
  summary: 'Refused: databases and services are not imported from; export a file and create a data asset',
  examples: ['hagane data create -n orders --path ./orders.parquet --type uri_file'],
  flags: {
    file: text('-f, --file <path>', 'accepted', { ignored: true }),
    name: text('-n, --name <name>', 'accepted', { ignored: true }),
    type: text('-t, --type <type>', 'accepted', { ignored: true }),
    version: text('-v, --version <version>', 'accepted', { ignored: true }),
    path: text('-p, --path <path>', 'accepted', { ignored: true }),
    datastore: text('--datastore <name>', 'accepted', { ignored: true }),
    skipValidation: toggle('--skip-validation', 'accepted', { ignored: true }),
  },
  run: async () => {
    throw new HaganeError(
      'unsupported',
      'data is not imported from databases and services (Snowflake, SQL, Amazon S3 connections)',
      {
        hint: 'for a bucket: `hagane datastore create` with type s3, then a data asset with path azureml://datastores/<name>/paths/<path>. For a database: a job that runs the query and writes an output with a name',
      },
    )
  },
})

export const noun: Noun = {
  name: 'data',
  summary: 'Manage data assets',
  verbs: [create, showVerb(asset), ...assetVerbs(asset), profile, diff, drift, validate, recall, importVerb, mount],
}

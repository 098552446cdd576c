import { type EnvironmentAsset, environmentRoutes } from '@hagane/contract'
import { text, toggle } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { loadResource, pathFromFlag } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import { acceptedFlags, describeFlags, needOneOf, versionFlags, versionPart } from './asset-flags.ts'
import { assetVerbs, showAsset } from './asset-verbs.ts'
import { awaitBuild, buildEnvironment } from './environment-build.ts'
import { diff } from './environment-diff.ts'

const asset = { noun: 'environment', routes: environmentRoutes }

const create = verb({
  name: 'create',
  summary: 'Create a version of an environment',
  examples: [
    'hagane environment create -f environment.yml',
    'hagane environment create -n sklearn -v 1 --conda-file conda.yml --image python:3.11',
  ],
  flags: {
    ...describeFlags,
    image: text('-i, --image <image>', 'container image that the environment stands for'),
    condaFile: text('-c, --conda-file <path>', 'conda file with Python and packages'),
    buildContext: text('-b, --build-context <path>', 'folder with a Dockerfile'),
    dockerfilePath: text('-d, --dockerfile-path <path>', 'Dockerfile inside the build context'),
    osType: text('--os-type <type>', 'operating system', { choices: ['linux', 'windows'] }),
    ...acceptedFlags,
  },
  run: async (call, options) => {
    needOneOf('environment create', options, ['file', 'image', 'condaFile', 'buildContext'])
    const { file, set, name, version, description, image } = options
    const context = pathFromFlag(call, options.buildContext)
    const overrides = {
      ...{ name, version, description, image, os_type: options.osType },
      conda_file: pathFromFlag(call, options.condaFile),
      build: context === undefined ? undefined : { path: context, dockerfile_path: options.dockerfilePath },
    }
    const body = withTags(await loadResource(call, 'environment', { file, set, overrides }), options.tags)
    await call.print<EnvironmentAsset>(await call.client.call(environmentRoutes.create, { body }))
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a version of an environment, or its lock file',
  examples: ['hagane environment show -n sklearn -v 1', 'hagane environment show -n sklearn --lock > lock.txt'],
  flags: { ...versionFlags, lock: toggle('--lock', 'print the lock file: every package with its hashes') },
  run: async (call, options) => {
    if (!options.lock) return call.print(await showAsset(call, environmentRoutes, options))
    const params = { name: options.name, version: versionPart(options) }
    const response = await call.client.raw(environmentRoutes.lock, { params })
    call.surroundings.stdout.write(await response.text())
  },
})

const build = verb({
  name: 'build',
  summary: 'Lock and build an environment now, before a job needs it',
  examples: ['hagane environment build -n sklearn -v 1'],
  flags: { ...versionFlags, noWait: toggle('--no-wait', 'do not wait for the end') },
  run: async (call, options) => buildEnvironment(call, options.name, versionPart(options), options.noWait),
})

const lock = verb({
  name: 'lock',
  summary: 'Lock an environment if it is not, and print the lock file: every package with its hashes',
  examples: ['hagane environment lock -n sklearn -v 1 > lock.txt'],
  flags: versionFlags,
  run: async (call, options) => {
    const params = { name: options.name, version: versionPart(options) }
    const locked = await call.client.call(environmentRoutes.show, { params })
    if (locked.build_status.lock_digest === undefined) await awaitBuild(call, params.name, params.version)
    call.surroundings.stdout.write(await (await call.client.raw(environmentRoutes.lock, { params })).text())
  },
})

export const noun: Noun = {
  name: 'environment',
  summary: 'Manage environments',
  verbs: [create, show, build, lock, diff, ...assetVerbs(asset)],
}

import { posix, resolve } from 'node:path'
import { parseReference } from '@hagane/contract'
import { requiredText, text } from '../grammar/flags.ts'
import { didYouMean } from '../grammar/nearest.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { verb } from '../invocation.ts'
import { resolveModel } from '../packaging/resolve-model.ts'
import { mustBeEmpty, type PackagedCode, writePackage } from '../packaging/write-package.ts'
import { listFiles } from '../upload/walk.ts'

export const packageVerb = verb({
  name: 'package',
  summary: 'Write a folder that serves a model elsewhere, with the same packages and without a server',
  description: `The folder holds the model, the lock of its environment with hashes, one program that serves it, a start script, a
Dockerfile, and a manifest with the digest of every file. ./serve.sh in it needs Node 24 and Python, for an ONNX model Node alone.`,
  examples: [
    'hagane model package -n flights -v 3 --output-path ./flights-3',
    'hagane model package --path runs:/4f2c…/model --output-path ./candidate',
    'hagane model package -n weights -v 1 --code ./src --scoring-script score.py --environment azureml:sklearn:2 --output-path ./w',
  ],
  flags: {
    name: text('-n, --name <name>', 'name of the model'),
    version: text('-v, --version <version>', 'version (default: the latest)'),
    label: text('-l, --label <label>', 'label that points at a version'),
    path: text('-p, --path <reference>', 'instead of a name: models:/<name>/<version>, runs:/<id>/<path> …'),
    outputPath: requiredText('--output-path <folder>', 'folder to write, new or empty'),
    code: text('--code <folder>', 'folder of the scoring script of a model that is not served without one'),
    scoringScript: text('--scoring-script <path>', 'file with init() and run(), below --code'),
    environment: text('--environment <reference>', "instead of the model's own environment"),
  },
  run: async (call, options) => {
    const { cwd } = call.surroundings
    const folder = resolve(cwd, options.outputPath)
    const code = codeOf(cwd, options)
    await mustBeEmpty(folder)
    const asked = { model: referenceOf(options), environment: options.environment, with_code: code !== undefined }
    const resolved = await resolveModel(call, asked)
    const manifest = await writePackage(call, { resolved, folder, code, withProgram: true })
    call.note(`${manifest.model.id} is packaged in ${folder}; ${folder}/serve.sh serves it`)
    await call.print(manifest)
  },
})

interface Named {
  name: string | undefined
  version: string | undefined
  label: string | undefined
  path: string | undefined
}

function referenceOf({ name, version, label, path }: Named): string {
  if (path !== undefined && name === undefined) {
    if (parseReference(path).form !== 'local') return path
    throw new UsageError(`'${path}' is a path of this machine`, 'register it first: hagane model create --path …')
  }
  if (name !== undefined && path !== undefined) throw new UsageError('model package takes --name or --path, not both')
  if (name === undefined) throw new UsageError('model package needs --name or --path')
  if (version !== undefined && label !== undefined) throw new UsageError('--version and --label exclude each other')
  return version === undefined ? `azureml:${name}@${label ?? 'latest'}` : `azureml:${name}:${version}`
}

/** The files that an upload of this folder would take, so ignore files count here too. */
function codeOf(
  cwd: string,
  { code, scoringScript }: { code: string | undefined; scoringScript: string | undefined },
): PackagedCode | undefined {
  if (code === undefined && scoringScript === undefined) return undefined
  if (code === undefined || scoringScript === undefined)
    throw new UsageError('--code and --scoring-script belong together')
  const files = listFiles(resolve(cwd, code), 'code')
  const names = files.map(({ path }) => path)
  const script = posix.normalize(scoringScript)
  if (names.includes(script)) return { files, scoringScript: script }
  throw new UsageError(
    `--scoring-script: there is no '${scoringScript}' below --code ${code}`,
    didYouMean(scoringScript, names, `it holds ${names.slice(0, 10).join(', ') || 'no files'}`),
  )
}

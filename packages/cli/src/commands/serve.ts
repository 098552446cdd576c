import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseReference } from '@hagane/contract'
import type { ServeOptions } from '@hagane/serve'
import { count, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, type Noun, verb } from '../invocation.ts'
import { resolveModel } from '../packaging/resolve-model.ts'
import { writePackage } from '../packaging/write-package.ts'

const serve = verb({
  name: '',
  summary: 'Serve a model on this machine, without a server',
  description: `A folder of an MLflow model, a folder with a score.py, or the folder of a package; models:/…, runs:/… and azureml:… are
fetched from the server first. The packages that the model names are locked and installed once; --env-manager local takes
the Python that is there. Ctrl-C ends it. Other machines are let in with --host and a key in HAGANE_SERVE_KEY.`,
  examples: [
    'hagane serve ./model',
    'hagane serve models:/flights/3 --port 8080 --workers 2',
    'hagane serve ./model --env-manager local --python .venv/bin/python',
  ],
  argument: { spelling: '<model>', summary: 'folder, file, models:/<name>/<version>, runs:/<id>/<path>' },
  flags: {
    port: count('--port <port>', 'port (default: 5001, or a free one when that is taken)'),
    host: text('--host <address>', 'address to listen on (default: 127.0.0.1)'),
    workers: count('--workers <n>', 'worker processes (default: 1)'),
    envManager: text(
      '--env-manager <kind>',
      'lock: the packages that the model names; local: the Python that is there',
      {
        choices: ['lock', 'local'],
      },
    ),
    python: text('--python <program>', 'interpreter for --env-manager local'),
    data: text('--data <folder>', 'keep predictions and logs here'),
    allowPickle: toggle('--allow-pickle', 'open a pickle or joblib file, which runs whatever code is in it'),
    noKey: toggle('--no-key', 'answer everybody, also other machines'),
  },
  run: async (call, options) => {
    const { checkAccess, runServe } = await import('@hagane/serve')
    const { env } = call.surroundings
    const { host = '127.0.0.1', port, workers = 1, python, data } = options
    if (port !== undefined && port > 65_535) throw new UsageError(`--port must be from 0 to 65535, found ${port}`)
    if (workers < 1 || workers > 256) throw new UsageError(`--workers must be from 1 to 256, found ${workers}`)
    const key = options.noKey ? undefined : env.HAGANE_SERVE_KEY || undefined
    checkAccess({ host, key }, options.noKey)
    const fetched = await fetchModel(call, call.args[0] ?? '')
    const settings: ServeOptions = {
      ...{ target: fetched.folder, host, port, workers, python, key },
      environmentManager: options.envManager === 'local' ? 'local' : 'lock',
      allowPickle: options.allowPickle,
      data: data === undefined ? undefined : resolve(call.surroundings.cwd, data),
    }
    try {
      return await runServe(settings, {
        env,
        say: line => call.note(line),
        onInterrupt: listener => call.surroundings.onInterrupt(listener, true),
      })
    } finally {
      await fetched.remove()
    }
  },
})

/** Where the model lies on this machine; one that the server keeps is fetched as a package, with the lock that it has there. */
async function fetchModel(call: Invocation, target: string): Promise<{ folder: string; remove(): Promise<void> }> {
  const reference = parseReference(target)
  if (reference.form === 'local')
    return { folder: resolve(call.surroundings.cwd, reference.path), remove: async () => undefined }
  const resolved = await resolveModel(call, { model: target })
  const root = await mkdtemp(join(tmpdir(), 'hagane-serve-model-'))
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true })
  const folder = join(root, resolved.model.name)
  try {
    await writePackage(call, { resolved, folder, withProgram: false })
    return { folder, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

export const noun: Noun = { name: 'serve', summary: 'Serve a model on this machine', verbs: [serve] }

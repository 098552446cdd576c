import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { HaganeError, parseReference } from '@hagane/contract'
import type { ServeOptions, ServeWords } from '@hagane/serve'
import { exitCodes } from '../failure.ts'
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
    const settings = await settingsOf(call, options)
    const { runServe } = await import('@hagane/serve')
    const fetched = await fetchedModel(call, settings.target)
    if (fetched === 'interrupted') return exitCodes.interrupted
    try {
      const { env } = call.surroundings
      const onInterrupt = (listener: () => void) => call.surroundings.onInterrupt(listener, true)
      const target = fetched.folder
      return await runServe({ ...settings, target }, { env, say: line => call.note(line), onInterrupt })
    } finally {
      await fetched.remove()
    }
  },
})

/** What the flags say, read as the program of a package reads them; a mistake in them is one of usage here. */
async function settingsOf(call: Invocation, words: Omit<ServeWords, 'target'>): Promise<ServeOptions> {
  const { serveOptions } = await import('@hagane/serve')
  const { cwd, env } = call.surroundings
  try {
    const settings = serveOptions({ ...words, target: call.args[0] ?? '' }, env)
    return { ...settings, data: settings.data === undefined ? undefined : resolve(cwd, settings.data) }
  } catch (error) {
    throw error instanceof HaganeError ? new UsageError(error.message, error.hint) : error
  }
}

interface Fetched {
  folder: string
  remove(): Promise<void>
}

/** Where the model lies on this machine; nothing of it is left there when somebody ends the fetching. */
async function fetchedModel(call: Invocation, target: string): Promise<Fetched | 'interrupted'> {
  const reference = parseReference(target)
  if (reference.form === 'local')
    return { folder: resolve(call.surroundings.cwd, reference.path), remove: async () => undefined }
  const stop = new AbortController()
  const undo = call.surroundings.onInterrupt(() => stop.abort(), true)
  try {
    return await fetchModel(call, target, stop.signal)
  } catch (error) {
    if (stop.signal.aborted) return 'interrupted'
    throw error
  } finally {
    undo()
  }
}

/** Fetches a model that the server keeps as a package, with the lock that it has there. */
async function fetchModel(call: Invocation, model: string, signal: AbortSignal): Promise<Fetched> {
  const resolved = await resolveModel(call, { model }, signal)
  const { temporaryFolder } = await import('@hagane/serve')
  const root = await temporaryFolder('hagane-serve-model')
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true })
  const folder = join(root, resolved.model.name)
  try {
    await writePackage(call, { resolved, folder, withProgram: false, signal })
    return { folder, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

export const noun: Noun = { name: 'serve', summary: 'Serve a model on this machine', verbs: [serve] }

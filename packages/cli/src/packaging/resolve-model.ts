import { setTimeout as pause } from 'node:timers/promises'
import { HaganeError, modelPackageRoutes, type PackagedModel } from '@hagane/contract'
import type { Invocation } from '../invocation.ts'

const longestMs = 60 * 60_000
const pauseMs = 500

/** What a package of a model holds, once its environment is built; says so while that goes on. `signal` ends the waiting. */
export async function resolveModel(
  call: Invocation,
  asked: { model: string; environment?: string | undefined; with_code?: boolean | undefined },
  signal = new AbortController().signal,
): Promise<PackagedModel> {
  const end = Date.now() + longestMs
  for (let told = false; ; told = true) {
    const found = await call.client.call(modelPackageRoutes.resolve, { body: asked, signal })
    if (found.state === 'ready') return found
    if (Date.now() > end)
      throw new HaganeError('timeout', 'the environment of the model was not built within an hour', {
        hint: 'hagane environment build shows why',
      })
    if (!told) call.note('the server builds the environment of the model')
    await pause(pauseMs, undefined, { signal })
  }
}

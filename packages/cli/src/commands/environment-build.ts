import { setTimeout as pause } from 'node:timers/promises'
import { type EnvironmentAsset, environmentRoutes, HaganeError } from '@hagane/contract'
import type { Invocation } from '../invocation.ts'

const pollMs = 500
const logTail = 30

/** Asks for a build, tells each change of its state, waits for the end; a failed build ends in an error with its log. */
export async function buildEnvironment(
  call: Invocation,
  name: string,
  version: string,
  noWait: boolean,
): Promise<void> {
  await call.print(await awaitBuild(call, name, version, noWait))
}

/** The environment once its build is over, or as it is without waiting. Throws unsupported with the end of the log when it failed. */
export async function awaitBuild(
  call: Invocation,
  name: string,
  version: string,
  noWait = false,
): Promise<EnvironmentAsset> {
  let asset: EnvironmentAsset = await call.client.call(environmentRoutes.build, { params: { name, version } })
  const params = { name: asset.name, version: asset.version }
  let told: string | undefined
  while (!noWait && !['succeeded', 'failed'].includes(asset.build_status.state)) {
    if (told !== asset.build_status.state) call.note(`${asset.name}:${asset.version} ${asset.build_status.state}`)
    told = asset.build_status.state
    await pause(pollMs)
    asset = await call.client.call(environmentRoutes.show, { params })
  }
  if (asset.build_status.state === 'failed') throw await buildFailure(call, asset)
  return asset
}

async function buildFailure(call: Invocation, asset: EnvironmentAsset): Promise<HaganeError> {
  const params = { name: asset.name, version: asset.version }
  const log = await (await call.client.raw(environmentRoutes.log, { params })).text()
  const details = log
    .trimEnd()
    .split('\n')
    .slice(-logTail)
    .map(message => ({ message }))
  const reason = asset.build_status.error ?? 'see its log'
  return new HaganeError('unsupported', `${asset.name}:${asset.version} could not be built: ${reason}`, { details })
}

import { type GateRunResource, rolloutRoutes } from '@hagane/contract'
import { CommandFailed } from '../cli.ts'
import { runJob } from '../jobs.ts'
import type { Stage } from './act.ts'
import { endpoint } from './endpoint.ts'
import { busy } from './loop.ts'
import type { Flights } from './replay.ts'
import { verdictText } from './verdicts.ts'
import { underTraffic, until } from './watch.ts'

/** A model that has hardly learned: the gate refuses it. */
export async function gateRefuses(stage: Stage): Promise<void> {
  const { cli, tell } = stage
  tell.progress('a worse candidate: one tree of two leaves')
  const set = ['inputs.max_iter=1', 'inputs.max_leaf_nodes=2', 'inputs.margin=-1']
  await runJob(stage, 'retrain.yml', set)
  const run = ['gate', 'run', '-n', 'better-than-champion', '--candidate', `models:/${endpoint}@challenger`]
  const judged = await verdict(() => cli.json<GateRunResource>(...run))
  if (judged.result !== 'fail') throw new Error(`the gate says ${judged.result} of a model that has hardly learned`)
  const what = verdictText(judged)
  tell.progress(what)
  tell.story(what, cli.typed(...run))
}

/** A gate that does not open ends the command with a code of its own, after it has printed the table. */
async function verdict(run: () => Promise<GateRunResource>): Promise<GateRunResource> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof CommandFailed && error.out !== '') return JSON.parse(error.out)
    throw error
  }
}

/** The champion behind a script with a slip: every file is right, the answers are not. The canary turns back. */
export async function canaryTurnsBack(stage: Stage, flights: Flights): Promise<void> {
  const { cli, client, tell } = stage
  tell.progress('a third candidate: the champion behind a script that mistakes Fahrenheit for Celsius')
  await cli.run('online-deployment', 'create', '-f', 'operate/celsius.yml')
  const { name } = await cli.json<{ name: string }>('rollout', 'create', '-f', 'operate/careful.yml')
  const ended = until('the rollout', async () => {
    const rollout = await client.call(rolloutRoutes.show, { params: { name } })
    return ['Healthy', 'Degraded'].includes(rollout.phase) ? rollout : undefined
  })
  const { phase, message } = await underTraffic(flights, flights.days.slice(15), ended, () => busy)
  if (phase !== 'Degraded') throw new Error(`the canary with the slip is ${phase}: ${message ?? ''}`)
  const { traffic } = await cli.json<{ traffic: Record<string, number> }>('online-endpoint', 'show', '-n', endpoint)
  const shares = Object.entries(traffic).filter(([, share]) => share > 0)
  const what = `rollout ${name} turned back (${message}); traffic ${shares.map(([to, share]) => `${to} ${share} %`).join(', ')}`
  tell.progress(what)
  tell.story(what, cli.typed('rollout', 'show', '-n', name))
}

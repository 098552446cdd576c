import type { Asset, Stage } from './act.ts'

export const endpoint = 'flight-delay'
const deployment = 'blue'
const showDeployment = ['online-deployment', 'show', '-e', endpoint, '-n', deployment]

interface Deployment {
  readonly name: string
  readonly revision?: { readonly model?: { readonly id: string } }
}

/** The model behind a REST address, with all traffic, as champion; a deployment that serves this model already is left alone. */
export async function deploy({ cli, tell }: Stage, model: Asset): Promise<void> {
  tell.progress('endpoint: deploying the model')
  const endpoints = await cli.json<{ name: string }[]>('online-endpoint', 'list')
  if (!endpoints.some(({ name }) => name === endpoint)) await cli.run('online-endpoint', 'create', '-f', 'endpoint.yml')
  const present = await cli.json<Deployment[]>('online-deployment', 'list', '-e', endpoint)
  if (present.find(({ name }) => name === deployment)?.revision?.model?.id === model.id)
    await cli.run('online-endpoint', 'update', '-n', endpoint, '--traffic', `${deployment}=100`)
  else {
    const winter = ['--set', `model=azureml:${model.name}:${model.version}`]
    await cli.run('online-deployment', 'create', '-f', 'deployment.yml', '--all-traffic', ...winter)
  }
  const served = await cli.json<Deployment>(...showDeployment)
  const what = `endpoint ${endpoint}: deployment ${deployment} serves ${served.revision?.model?.id ?? model.id}`
  tell.progress(what)
  tell.story(what, cli.typed(...showDeployment))
}

/** One prediction through the endpoint; returns its id. */
export async function predict(stage: Stage): Promise<string> {
  const { cli, tell } = stage
  const invoke = ['online-endpoint', 'invoke', '-n', endpoint, '--request-file', 'sample-request.json']
  const { out, err } = await cli.run(...invoke)
  const id = /prediction (pr-\S+?),/.exec(err)?.[1]
  if (id === undefined) throw new Error(`the endpoint gave no prediction id: ${err}`)
  const probability = lateProbability(JSON.parse(out))
  const what = `prediction ${id}: late with probability ${probability.toFixed(2)}`
  tell.progress(what)
  tell.story(what, cli.typed(...invoke))
  return id
}

/** The second column of the only row: MLflow wraps rows in `predictions`, Azure ML answers with the bare list. */
function lateProbability(answer: unknown): number {
  const rows = (answer as { predictions?: unknown }).predictions ?? answer
  const value = (rows as number[][])[0]?.[1]
  if (typeof value !== 'number')
    throw new Error(`expected two probabilities, the endpoint answered ${JSON.stringify(answer)}`)
  return value
}

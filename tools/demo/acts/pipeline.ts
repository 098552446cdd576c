import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobResource as Job } from '@hagane/contract'
import { isReused, runJob } from '../jobs.ts'
import type { Asset, Stage } from './act.ts'

/** The pipeline from raw tables to a registered model; returns the model. `folder` takes the record of the registration. */
export async function runPipeline(stage: Stage, folder: string): Promise<Asset> {
  const { cli, tell } = stage
  tell.progress('pipeline: prepare, check, train, evaluate, register')
  const { job, steps } = await runJob(stage, 'pipeline.yml')
  const reused = steps.filter(isReused).length
  const what = `pipeline ${job.name}: ${steps.length} steps completed, ${reused} of ${steps.length} steps reused`
  tell.progress(what)
  tell.story(what, cli.typed('job', 'list', '--parent-job-name', job.name, '-o', 'table'))
  await tellMetrics(stage, steps)
  return tellModel(stage, steps, folder)
}

interface RunAnswer {
  run: { data: { metrics: { key: string; value: number }[] } }
}

async function tellMetrics(stage: Stage, steps: readonly Job[]): Promise<void> {
  const evaluate = stepNamed(steps, 'evaluate')
  const address = `${stage.url}/api/2.0/mlflow/runs/get?run_id=${evaluate.name}`
  const { run } = (await (await fetch(address)).json()) as RunAnswer
  const metrics = new Map(run.data.metrics.map(({ key, value }) => [key, value.toFixed(3)]))
  const months = `April ${metrics.get('april_auc')}, July ${metrics.get('july_auc')}`
  const what = `run of evaluate: AUC ${metrics.get('holdout_auc')} against ${metrics.get('baseline_auc')} of the baseline; ${months}`
  stage.tell.progress(what)
  stage.tell.story(what, `curl -s '${address}'`)
}

/** A step that was reused registered its version when it ran; later versions are not what this pipeline made. */
async function tellModel({ cli, tell }: Stage, steps: readonly Job[], folder: string): Promise<Asset> {
  const register = stepNamed(steps, 'register')
  await cli.run('job', 'download', '-n', register.name, '--output-name', 'registration', '--download-path', folder)
  const file = join(folder, 'named-outputs', 'registration', 'version.json')
  const { name, version, reason } = JSON.parse(await readFile(file, 'utf8'))
  if (version === undefined) throw new Error(`no model was registered: ${reason}`)
  const model = await cli.json<Asset>('model', 'show', '-n', name, '-v', version)
  const what = `model ${model.id}, alias champion`
  tell.progress(what)
  tell.story(what, cli.typed('model', 'show', '-n', model.name, '-v', model.version))
  return model
}

function stepNamed(steps: readonly Job[], name: string): Job {
  const found = steps.find(({ step }) => step === name)
  if (found === undefined) throw new Error(`the pipeline has no step named ${name}`)
  return found
}

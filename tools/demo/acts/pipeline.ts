import { isReused, type Job, runJob } from '../jobs.ts'
import type { Asset, Stage } from './act.ts'
import { newest } from './act.ts'

/** The pipeline from raw tables to a registered model; returns the model. */
export async function runPipeline(stage: Stage): Promise<Asset> {
  const { cli, tell } = stage
  tell.progress('pipeline: prepare, check, train, evaluate, register')
  const { job, steps } = await runJob(cli, 'pipeline.yml', tell)
  const reused = steps.filter(isReused).length
  const what = `pipeline ${job.name}: ${steps.length} steps completed, ${reused} of ${steps.length} steps reused`
  tell.progress(what)
  tell.story(what, cli.typed('job', 'list', '--parent-job-name', job.name, '-o', 'table'))
  await tellMetrics(stage, steps)
  return tellModel(stage)
}

interface RunAnswer {
  run: { data: { metrics: { key: string; value: number }[] } }
}

async function tellMetrics(stage: Stage, steps: readonly Job[]): Promise<void> {
  const evaluate = steps.find(step => step.step === 'evaluate')
  if (evaluate === undefined) throw new Error('the pipeline has no step named evaluate')
  const address = `${stage.url}/api/2.0/mlflow/runs/get?run_id=${evaluate.name}`
  const { run } = (await (await fetch(address)).json()) as RunAnswer
  const metrics = new Map(run.data.metrics.map(({ key, value }) => [key, value.toFixed(3)]))
  const months = `April ${metrics.get('april_auc')}, July ${metrics.get('july_auc')}`
  const what = `run of evaluate: AUC ${metrics.get('holdout_auc')} against ${metrics.get('baseline_auc')} of the baseline; ${months}`
  stage.tell.progress(what)
  stage.tell.story(what, `curl -s '${address}'`)
}

async function tellModel(stage: Stage): Promise<Asset> {
  const model = await newest<Asset>(stage, 'model', 'flight-delay')
  if (model === undefined) throw new Error('no model was registered: its AUC does not beat the baseline by the margin')
  const what = `model ${model.id}, alias champion`
  stage.tell.progress(what)
  stage.tell.story(what, stage.cli.typed('model', 'show', '-n', model.name, '-v', model.version))
  return model
}

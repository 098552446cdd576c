import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Hagane } from './hagane.ts'
import { DIABETES, diabetesFile, type Mirror } from './mirror.ts'
import { standIns } from './stand-ins.ts'

/** Assets that the examples' own scripts create before the jobs run: folder, then the command as they write it. */
const assets: readonly [folder: string, command: string][] = [
  ['jobs/pipelines-with-components/basics/4d_data_input', 'data create -f data.yml'],
  ['endpoints/batch/deploy-models/heart-classifier-mlflow', 'data create -f heart-dataset-unlabeled.yml'],
  [
    'endpoints/batch/deploy-pipelines/training-with-components',
    'data create --name heart-classifier-train --type uri_folder --path data/train',
  ],
  [
    'endpoints/batch/deploy-models/heart-classifier-mlflow',
    'model create --name heart-classifier-mlflow --type mlflow_model --path deployment-simple/model',
  ],
  [
    'endpoints/batch/deploy-models/custom-outputs-parquet',
    'model create --name heart-classifier-sklpipe --type custom_model --path model',
  ],
  [
    'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing',
    'model create --name heart-classifier --type mlflow_model --path model',
  ],
  [
    'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing',
    'model create --name heart-classifier-transforms --type custom_model --path transformations',
  ],
  ['endpoints/online', 'model create --name my-model --version 1 --path model-1/model'],
  ['endpoints/online', 'model create --name my-model --version 2 --path model-2/model'],
  [
    'endpoints/online',
    'environment create --name my-env --version 1 --conda-file model-1/environment/conda.yaml --image mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04',
  ],
  ['endpoints/online/deploy-with-packages/custom-model', 'model create --name sklearn-regression --path model'],
  [
    'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing',
    'environment create -f environment/xgboost-sklearn-py38.yml',
  ],
  [
    'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing',
    'component create -f components/prepare/prepare.yml',
  ],
  [
    'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing',
    'component create -f components/score/score.yml',
  ],
  ['endpoints/batch/deploy-pipelines/hello-batch', 'component create -f hello-component/hello.yml'],
  ['jobs/pipelines-with-components/basics/1b_e2e_registered_components', 'component create -f train.yml'],
  ['jobs/pipelines-with-components/basics/1b_e2e_registered_components', 'component create -f score.yml'],
  ['jobs/pipelines-with-components/basics/1b_e2e_registered_components', 'component create -f eval.yml'],
]

/** Content of the default datastore that examples name by path. */
const seeds: readonly [source: string, target: string][] = [
  ['assets/data/example-data', 'example-data'],
  ['assets/data/sample-data/titanic.csv', 'example-data/titanic.csv'],
  ['assets/data/local-mltable', 'example-data/mltable-sample'],
]

export interface Registered {
  readonly what: string
  readonly problem: string | undefined
}

/** Seeds the default datastore and registers what the examples expect to be there, each by the command line. */
export async function bootstrap(
  hagane: Hagane,
  cli: string,
  mirror: Mirror,
  texts: readonly string[],
): Promise<Registered[]> {
  const store = join(hagane.dataDir, 'datastores', 'default', 'workspaceblobstore')
  await mkdir(store, { recursive: true })
  for (const [source, target] of seeds)
    if (existsSync(join(cli, source))) await cp(join(cli, source), join(store, target), { recursive: true })
  const done: Registered[] = []
  for (const [folder, command] of assets) {
    if (!existsSync(join(cli, folder))) continue
    const { code, stderr } = await hagane.cli([...command.split(' '), '-o', 'none'], join(cli, folder))
    done.push({ what: `${folder}: ${command}`, problem: code === 0 ? undefined : stderr.trim() })
  }
  for (const { name, type, files } of standIns) {
    const folder = join(hagane.dataDir, 'conformance', name)
    await mkdir(folder, { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
    const made = await hagane.cli(
      ['data', 'create', '--name', name, '--type', type, '--path', folder, '-o', 'none'],
      folder,
    )
    done.push({
      what: `stand-in for the data asset ${name}`,
      problem: made.code === 0 ? undefined : made.stderr.trim(),
    })
  }
  if (texts.some(text => text.includes(DIABETES))) done.push(await diabetes(hagane, mirror))
  return done
}

const DIABETES_JOB = `type: command
command: python -c "from sklearn.datasets import load_diabetes; d = load_diabetes(as_frame=True).frame; d.to_csv('\${{outputs.folder}}/diabetes.csv', index=False)"
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
outputs:
  folder:
`

/** diabetes.csv is in no checkout: scikit-learn carries the data set, so a job writes it. */
async function diabetes(hagane: Hagane, mirror: Mirror): Promise<Registered> {
  const what = 'diabetes.csv from scikit-learn'
  const folder = join(hagane.dataDir, 'conformance')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'diabetes.yml'), DIABETES_JOB)
  const made = await hagane.cli(
    ['job', 'create', '-f', 'diabetes.yml', '--stream', '--query', 'name', '-o', 'tsv'],
    folder,
  )
  if (made.code !== 0) return { what, problem: made.stderr.slice(-500) }
  const name = made.stdout.trim()
  const got = await hagane.cli(
    ['job', 'download', '-n', name, '--output-name', 'folder', '--download-path', folder],
    folder,
  )
  if (got.code !== 0) return { what, problem: got.stderr }
  const target = diabetesFile(mirror)
  await mkdir(dirname(target), { recursive: true })
  await copyFile(join(folder, 'named-outputs', 'folder', 'diabetes.csv'), target)
  return { what, problem: undefined }
}

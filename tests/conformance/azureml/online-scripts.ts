import { creditRow } from './stand-ins.ts'

/** How a deployment file of the examples is deployed and called. */
export interface OnlineScript {
  /** A script of theirs, run in `cli` as it is; or, where they have none, the commands of their documentation. */
  readonly script: string | { readonly commands: string }
  /** What its output must hold: the model's own answers, and what else its commands show. */
  readonly says: readonly RegExp[]
}

const online = 'endpoints/online'
export const monitoring = 'monitoring/azureml-e2e-model-monitoring'
const sample = `${online}/managed/sample`
const [modelOne, modelTwo] = [/\[11055\.977245525679, 4503\.079536107787\]/, /\[0\.5, 0\.5\]/]
const inferenceSchema = 'deploy-moe-inference-schema.sh'
const ncd = 'deploy-managed-online-endpoint-ncd.sh'
const kubernetes = 'deploy-safe-rollout-kubernetes-online-endpoints.sh'

/** Create, deploy, invoke, delete: what the pages that show these files do. */
const usual = (file: string, endpoint: string, request: string) => ({
  commands: `set -e
NAME=endpt-$RANDOM
az ml online-endpoint create --name $NAME -f ${endpoint}
az ml online-deployment create --endpoint-name $NAME -f ${file} --all-traffic
az ml online-endpoint invoke --name $NAME --request-file ${request}
az ml online-endpoint delete --name $NAME --yes --no-wait`,
})

const ofSample = (file: string, model: 1 | 2): [string, OnlineScript] => [
  `${sample}/${file}`,
  {
    script: usual(`${sample}/${file}`, `${sample}/endpoint.yml`, `${online}/model-${model}/sample-request.json`),
    says: [model === 1 ? modelOne : modelTwo],
  },
]

const ofPackages = (folder: string): [string, OnlineScript] => {
  const place = `${online}/deploy-with-packages/${folder}`
  const script = usual(`${place}/model-deployment.yml`, `${place}/endpoint.yml`, `${place}/sample-request.json`)
  return [`${place}/model-deployment.yml`, { script, says: [/"\[\d/] }]
}

/** What its notebook does: train, deploy, ask with rows as they are produced, and look at what was collected. */
const monitored = `set -e
cd ${monitoring}
az ml job create -f configurations/training_pipeline.yaml --stream
az ml online-endpoint create -f endpoints/endpoint.yaml
az ml online-deployment create -f endpoints/deployment.yaml --all-traffic
echo '${JSON.stringify({ data: [creditRow(0), creditRow(1)] })}' > request.json
az ml online-endpoint invoke --name credit-default --deployment-name main --request-file request.json
az ml online-endpoint delete --name credit-default --yes`

/** By deployment file, below `cli`. Every other deployment file is set aside with a reason in outside.ts. */
export const onlineScripts: Readonly<Record<string, OnlineScript>> = {
  [`${sample}/blue-deployment.yml`]: { script: 'deploy-managed-online-endpoint.sh', says: [modelOne, /Init complete/] },
  [`${sample}/green-deployment.yml`]: {
    script: 'deploy-safe-rollout-online-endpoints.sh',
    says: [modelOne, modelTwo, /"green": 10\b/, /"green": 100/],
  },
  ...Object.fromEntries([
    ofSample('blue-deployment-with-registered-assets.yml', 1),
    ofSample('green-deployment-with-registered-assets.yml', 2),
    ofSample('blue-deployment-with-curated-env.yml', 1),
    ofSample('green-deployment-with-curated-env.yml', 2),
  ]),
  [`${online}/managed/binary-payloads/binary-payloads-deployment.yml`]: {
    script: 'deploy-moe-binary-payloads.sh',
    says: [/\{"filename": "input\.jpg", "size": \[512, 340\]\}, \{"filename": "output\.jpg", "size": \[128, 128\]\}/],
  },
  [`${online}/managed/inference-schema/deployment-standard.yml`]: { script: inferenceSchema, says: [/Iris-|setosa/i] },
  [`${online}/managed/inference-schema/deployment-numpy.yml`]: { script: inferenceSchema, says: [/"swagger"/] },
  [`${online}/managed/inference-schema/deployment-pandas.yml`]: { script: inferenceSchema, says: [/"swagger"/] },
  [`${online}/managed/minimal/single-model-registered/deployment.yml`]: {
    script: 'deploy-moe-minimal-single-model-registered.sh',
    says: [modelOne],
  },
  [`${online}/managed/openapi/deployment.yml`]: {
    script: 'deploy-moe-openapi.sh',
    says: [modelOne, /A custom API description/],
  },
  [`${online}/ncd/sklearn-deployment.yaml`]: { script: ncd, says: [/"\[\d+\.\d+/] },
  [`${online}/ncd/lightgbm-deployment.yaml`]: { script: ncd, says: [/"\[\[?\d\.\d+/] },
  [`${online}/ncd/sklearn-deployment-with-script.yaml`]: {
    script: usual(
      `${online}/ncd/sklearn-deployment-with-script.yaml`,
      `${online}/ncd/create-endpoint.yaml`,
      `${online}/ncd/sample-request-sklearn.json`,
    ),
    says: [/\d+\.\d+/],
  },
  [`${online}/kubernetes/kubernetes-blue-deployment.yml`]: { script: kubernetes, says: [/"blue": 90/] },
  [`${online}/kubernetes/kubernetes-green-deployment.yml`]: { script: kubernetes, says: [/"green": 100/] },
  [`${monitoring}/endpoints/deployment.yaml`]: {
    script: { commands: monitored },
    says: [/DEFAULT_NEXT_MONTH.*\[(true|false), (true|false)\]/],
  },
  ...Object.fromEntries([ofPackages('custom-model'), ofPackages('mlflow-model')]),
}

/** Another script that deploys a file of the list once more, in another manner. */
export const furtherScripts: Readonly<Record<string, OnlineScript>> = {
  [`${sample}/blue-deployment.yml`]: { script: 'deploy-local-endpoint.sh', says: [modelOne, /Init complete/] },
}

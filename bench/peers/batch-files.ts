/** A deployment of a model without code, in the words of Azure ML. */
export const batchDeploymentYaml = (endpoint: string, model: string, workers: number): string =>
  `name: blue
endpoint_name: ${endpoint}
type: model
model: {type: mlflow_model, path: ${JSON.stringify(model)}}
settings:
  max_concurrency_per_instance: ${workers}
`

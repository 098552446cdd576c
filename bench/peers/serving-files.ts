/** Bodies of MLflow's /invocations for one row of the iris model, by the model that takes them. */
export const requestBodies = {
  arrays: JSON.stringify({ inputs: [[5.1, 3.5, 1.4, 0.2]] }),
  columns: JSON.stringify({
    dataframe_split: {
      columns: ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'],
      data: [[5.1, 3.5, 1.4, 0.2]],
    },
  }),
} as const
export type ModelForm = keyof typeof requestBodies

/** Endpoint YAML as Azure ML writes it. */
export const endpointYaml = (name: string): string =>
  `$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json\nname: ${name}\nauth_mode: key\n`

export type ModelType = 'mlflow_model' | 'custom_model'

/** Deployment YAML of a model without code, one instance. */
export const deploymentYaml = (endpoint: string, model: string, type: ModelType = 'mlflow_model'): string =>
  `$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: ${endpoint}
model:
  type: ${type}
  path: ${model}
instance_type: Standard_F2s_v2
instance_count: 1
`

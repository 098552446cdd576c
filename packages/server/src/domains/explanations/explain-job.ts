import { type EnvironmentSpec, type ExplanationRequest, type JobSpec, treeUri } from '@hagane/contract'

export interface ExplainedModel {
  /** `azureml:<name>:<version>` or where the model lies. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly type: string
  readonly tree: string
  readonly path: string
}

interface Order {
  name: string
  model: ExplainedModel
  environment: string | EnvironmentSpec | null
  /** References of tables. */
  data: string
  background: string | undefined
  request: ExplanationRequest
}

const table = (path: string) => ({ path, mode: 'ro_mount' as const })

/** A job like any other: the program of `packages/python` in the environment of the model. */
export function explainJob({ name, model, environment, data, background, request }: Order): JobSpec {
  const { rows, target, prediction } = request
  const asked = { model: `${model.name}:${model.version}`, rows, ...(target === undefined ? {} : { target }) }
  return {
    name,
    display_name: `explain ${asked.model}`,
    experiment_name: 'explanations',
    properties: {
      'hagane.explains': asked.model,
      ...(prediction === undefined ? {} : { 'hagane.explains.prediction': prediction }),
    },
    type: 'command',
    command: [
      "python -m hagane_explain <<'HAGANE_EXPLAIN'",
      // an expression in a name would be replaced
      JSON.stringify(asked).replaceAll('$', '\\u0024'),
      '${{inputs.model}}',
      '${{inputs.data}}',
      background === undefined ? '' : '${{inputs.background}}',
      '${{outputs.report}}',
      'HAGANE_EXPLAIN',
    ].join('\n'),
    ...(environment === null ? {} : { environment }),
    inputs: {
      model: { type: 'mlflow_model', path: treeUri(model.tree, model.path), mode: 'ro_mount' },
      data: table(data),
      ...(background === undefined ? {} : { background: table(background) }),
    },
    outputs: { report: { type: 'uri_folder' } },
    is_deterministic: false,
  }
}

import {
  type EnvironmentSpec,
  type GateSpec,
  type JobInput,
  type JobSpec,
  type PipelineNode,
  treeUri,
} from '@hagane/contract'
import type { RunModel } from './tables.ts'

/** A model that is scored, in the environment that it brings. */
export interface ScoredModel {
  model: RunModel
  environment: string | EnvironmentSpec | null
}

export interface Scoring {
  name: string
  spec: GateSpec
  data: { path: string; type?: string | undefined }
  candidate: ScoredModel
  champion?: ScoredModel | undefined
}

type Role = 'candidate' | 'champion'

/**
 * The job that scores both models: a step for each, in the environment of each, so that equal content is scored once and reused.
 * Nothing in a step names the gate or the other model.
 */
export function scoringJob({ name, spec, data, candidate, champion }: Scoring): JobSpec {
  const scored: [Role, ScoredModel][] = [
    ['candidate', candidate],
    ...(champion === undefined ? [] : ([['champion', champion]] as [Role, ScoredModel][])),
  ]
  const nodes = scored.flatMap(([role, one]): [string, PipelineNode][] => [
    ...(needsScores(spec) ? ([[role, scoringNode(spec, role, one, data)]] as [string, PipelineNode][]) : []),
    ...(spec.evaluation === undefined
      ? []
      : ([[`${role}_metrics`, evaluationNode(spec.evaluation, role, one, data)]] as [string, PipelineNode][])),
  ])
  return {
    type: 'pipeline',
    name,
    display_name: `gate ${spec.name}`,
    experiment_name: 'gates',
    properties: { 'hagane.gate': spec.name },
    ...(spec.compute === undefined ? {} : { settings: { default_compute: spec.compute } }),
    outputs: Object.fromEntries(nodes.map(([node]) => [node, { type: 'uri_folder' as const }])),
    jobs: Object.fromEntries(nodes),
  }
}

/** Whether some demand is told by predictions. */
export const needsScores = (spec: GateSpec): boolean =>
  spec.metrics.some(({ source }) => source === 'data') ||
  spec.fairness.length > 0 ||
  spec.latency !== undefined ||
  spec.cost !== undefined

const modelInput = ({ id, tree, path }: RunModel): JobInput =>
  /^(azureml:(?!\/\/)|models:\/)/.test(id)
    ? { type: 'mlflow_model', path: id, mode: 'ro_mount' }
    : { type: 'custom_model', path: treeUri(tree, path), mode: 'ro_mount' }

const dataInput = ({ path, type }: Scoring['data']): JobInput =>
  ({ ...(type === undefined ? {} : { type }), path, mode: 'ro_mount' }) as JobInput

function scoringNode(
  spec: GateSpec,
  role: Role,
  { model, environment }: ScoredModel,
  data: Scoring['data'],
): PipelineNode {
  const settings = {
    target: spec.target ?? null,
    drop: spec.drop,
    keep: [...new Set([...spec.slices, ...spec.fairness].map(({ column }) => column))].sort(),
    positive: spec.positive ?? null,
    probabilities:
      spec.threshold !== 0.5 || spec.metrics.some(({ metric }) => ['roc_auc', 'log_loss'].includes(metric)),
    latency_rows: spec.latency?.rows ?? 0,
  }
  return {
    type: 'command',
    command: [
      "python -m hagane_score <<'HAGANE_SCORE'",
      // an expression in a setting, such as the name of a column, would be replaced
      JSON.stringify(settings).replaceAll('$', '\\u0024'),
      '${{inputs.data}}',
      '${{inputs.model}}',
      '${{outputs.scored}}',
      'HAGANE_SCORE',
    ].join('\n'),
    ...(environment === null ? {} : { environment }),
    inputs: { data: dataInput(data), model: modelInput(model) },
    outputs: { scored: `\${{parent.outputs.${role}}}` },
  }
}

const evaluationNode = (
  { component, inputs }: NonNullable<GateSpec['evaluation']>,
  role: Role,
  { model }: ScoredModel,
  data: Scoring['data'],
): PipelineNode => ({
  type: 'command',
  component,
  inputs: { ...inputs, data: dataInput(data), model: modelInput(model) },
  outputs: { metrics: `\${{parent.outputs.${role}_metrics}}` },
})

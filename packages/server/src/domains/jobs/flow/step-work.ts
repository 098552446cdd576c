import { join } from 'node:path'
import { pythonText, renderText } from '@hagane/contract'
import type { StepWork } from '../../compute/index.ts'
import { datastorePath } from '../model/datastore-path.ts'
import type { JobNeeds, StepEnvironment } from '../model/needs.ts'
import { isFile } from '../model/output-kind.ts'
import { own } from '../model/own-property.ts'
import type { CommandPlan, OutputPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { triesOf } from '../model/tries.ts'
import type { Value } from './values.ts'

/** The folder of one attempt. */
export const folderOf = (dataDir: string, row: Pick<JobRow, 'workspace' | 'name'>, attempt: number): string =>
  join(dataDir, 'jobs', row.workspace, row.name, String(attempt))

/** What a step that may be tried again keeps for its next try; the last try's end removes it. */
export const resumeFolderOf = (dataDir: string, row: Pick<JobRow, 'workspace' | 'name'>): string =>
  join(dataDir, 'jobs', row.workspace, row.name, 'resume')

interface Prepared {
  values: Record<string, Value>
  environment: StepEnvironment
  token: string
}

/** A step in the terms of a compute driver. */
export function workOf(
  needs: Pick<JobNeeds, 'dataDir' | 'url'>,
  row: JobRow,
  plan: CommandPlan,
  { values, environment: { prefix, deviations, container }, token }: Prepared,
): StepWork {
  const contents = Object.entries(values).flatMap(([name, value]) =>
    value.kind === 'content'
      ? [{ name, source: { kind: 'tree' as const, digest: value.tree, path: value.path }, mode: value.mode }]
      : [],
  )
  return {
    name: row.name,
    folder: folderOf(needs.dataDir, row, row.attempts),
    render: paths => renderCommand(plan, values, paths, row.name),
    ...(plan.code === undefined ? {} : { code: plan.code }),
    inputs: contents,
    outputs: Object.entries(plan.outputs)
      .filter(([name]) => name !== 'artifacts')
      .map(([name, output]) => ({
        name,
        kind: isFile(output.type) ? ('file' as const) : ('folder' as const),
        ...(isFile(output.type) ? { fileName: fileNameOf(name, output, row.name) } : {}),
      })),
    environment: {
      ...environmentOf(needs.url(), row, token),
      ...(plan.retry === undefined ? {} : { HAGANE_RESUME_FOLDER: resumeFolderOf(needs.dataDir, row) }),
      ...rendered(plan.variables, values),
    },
    ...(prefix === undefined ? {} : { python: { prefix } }),
    ...(container === undefined ? {} : { container }),
    notes: [...triedBefore(row), ...deviations.map(line => `environment: ${line}`), ...mirrored(values)],
    needsOwnPackages: /\b(pip3?|conda|mamba|uv)\s+(-\S+\s+)*(pip\s+)?install\b/.test(plan.command),
    ...(plan.distribution === undefined ? {} : { distribution: plan.distribution }),
    ...(plan.timeout === undefined ? {} : { timeoutSeconds: plan.timeout }),
  }
}

/** Why this is not the first try; the logs of the others stand before this one's. */
const triedBefore = (row: JobRow): string[] =>
  triesOf(row)
    .slice(-1)
    .map(({ message, end_time }) => `tried again: the try before ended at ${end_time}: ${message}`)

/** A program that opens an address itself reads the mirror: whoever wonders finds it in the log. */
const mirrored = (values: Record<string, Value>): string[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value.kind === 'text' && value.from !== undefined
      ? [`input ${name}: ${value.from} is read from the mirror, ${value.text}`]
      : [],
  )

const fileNameOf = (name: string, output: OutputPlan, job: string): string =>
  datastorePath(output, job)?.split('/').at(-1) || name

function renderCommand(
  plan: CommandPlan,
  values: Record<string, Value>,
  paths: { inputs: Record<string, string>; outputs: Record<string, string> },
  job: string,
): string {
  return renderText(plan.command, expression => {
    const { scope, name } = expression
    if (scope === 'name') return job
    if (scope === 'output') return own(paths.outputs, name)
    if (scope === 'search-space') return own(plan.search, name)
    if (scope !== 'input') return undefined
    const value = own(values, name)
    return value?.kind === 'text' ? value.text : value?.kind === 'content' ? own(paths.inputs, name) : undefined
  })
}

const rendered = (variables: Record<string, string>, values: Record<string, Value>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).map(([name, text]) => [
      name,
      renderText(text, expression => {
        const value = expression.scope === 'input' ? own(values, expression.name) : undefined
        return value?.kind === 'text' ? value.text : expression.text
      }),
    ]),
  )

/** What MLflow reads, and the names that scripts written for Azure ML read. */
function environmentOf(url: string, row: JobRow, token: string): Record<string, string> {
  const tracking = row.workspace === 'default' ? url : `${url}/ws/${encodeURIComponent(row.workspace)}`
  return {
    MLFLOW_TRACKING_URI: tracking,
    MLFLOW_REGISTRY_URI: tracking,
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_RUN_ID: row.name,
    MLFLOW_EXPERIMENT_ID: row.experiment_id,
    MLFLOW_EXPERIMENT_NAME: row.experiment_name,
    AZUREML_RUN_ID: row.name,
    AZUREML_ROOT_RUN_ID: row.root,
    AZUREML_EXPERIMENT_ID: row.experiment_id,
    AZUREML_EXPERIMENT_SCOPE: `/workspaces/${row.workspace}/experiments/${row.experiment_name}`,
    AZUREML_ARM_SUBSCRIPTION: '00000000-0000-0000-0000-000000000000',
    AZUREML_ARM_RESOURCEGROUP: 'hagane',
    AZUREML_ARM_WORKSPACE_NAME: row.workspace,
    AZUREML_ARM_PROJECT_NAME: row.experiment_name,
    AZUREML_CR_NODE_RANK: '0',
    AZUREML_PROCESS_NAME: 'main',
    HAGANE_JOB: pythonText(row.name),
  }
}

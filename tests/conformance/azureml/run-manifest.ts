import { createHash, randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Hagane } from './hagane.ts'
import type { Manifest } from './inventory.ts'
import { runBatchDeployment, runBatchEndpoint } from './run-batch.ts'

/** `Completed` for what ran, `Registered` for what was created, `Answered` for endpoints, else the job's end, `Refused` at submit, or `Timeout`. */
export interface Outcome {
  readonly result: string
  readonly seconds: number
  /** What the command line said; empty when all went well. */
  readonly said: string
}

const JOB_SECONDS = 1_800

/** What the examples' own scripts do around a job: the command before it, the flags that its file is not complete without. */
interface Scripted {
  readonly cwd: string
  readonly before?: readonly string[]
  readonly flags: readonly string[]
}
const scripted: Readonly<Record<string, Scripted>> = {
  'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing/pipeline-job.yml': {
    cwd: 'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing',
    flags: ['--set', 'inputs.input_data.path=data/unlabeled'],
  },
  'endpoints/batch/deploy-pipelines/training-with-components/deployment-ordinal/pipeline-job.yml': {
    cwd: 'endpoints/batch/deploy-pipelines/training-with-components',
    // another example has an environment of the same name with other pins
    before: ['environment', 'create', '-f', 'environment/xgboost-sklearn-py38.yml'],
    flags: ['--set', 'inputs.input_data.path=azureml:heart-classifier-train@latest'],
  },
}

/** Does with a manifest what its kind is for: runs a job, registers and runs a component, registers everything else. */
export async function runManifest(
  hagane: Hagane,
  cli: string,
  manifest: Manifest,
  online: (path: string) => Promise<Told>,
): Promise<Outcome> {
  const started = performance.now()
  const isOnline = manifest.kind === 'online-deployment'
  const { result, said } = isOnline ? await online(manifest.path) : await outcomeOf(hagane, cli, manifest)
  return { result, said, seconds: (performance.now() - started) / 1000 }
}

export type Told = Omit<Outcome, 'seconds'>

async function outcomeOf(hagane: Hagane, cli: string, manifest: Manifest): Promise<Told> {
  if (manifest.kind === 'job') {
    const script = scripted[manifest.path]
    const cwd = script === undefined ? dirname(manifest.file) : join(cli, script.cwd)
    if (script?.before !== undefined) await hagane.cli(script.before, cwd)
    return runJob(hagane, cwd, ['-f', manifest.file, ...(script?.flags ?? [])])
  }
  if (manifest.kind === 'batch-endpoint') return runBatchEndpoint(hagane, manifest)
  if (manifest.kind === 'batch-deployment') return runBatchDeployment(hagane, cli, manifest)
  const { code, stdout, stderr } = await hagane.cli(
    [manifest.kind, 'create', '-f', basename(manifest.file), '-o', 'json', ...ownVersion(manifest)],
    dirname(manifest.file),
  )
  if (code !== 0) return { result: 'Refused', said: stderr }
  if (manifest.kind === 'component') return runComponent(hagane, JSON.parse(stdout) as Component)
  if (manifest.kind === 'schedule') await hagane.cli(['schedule', 'disable', '-n', String(manifest.root.name)], cli)
  return { result: 'Registered', said: '' }
}

/** Several components of the examples share name and version, so each is given a version, as the examples' release scripts do. */
const ownVersion = ({ kind, path }: Manifest): string[] =>
  kind === 'component' ? ['--version', createHash('sha256').update(path).digest('hex').slice(0, 8)] : []

interface Component {
  id: string
  name: string
  version: string
  type: string
  spec: { inputs?: Record<string, { type?: string; optional?: boolean; default?: unknown } | null> }
}

/** A component that needs no input and no data is run as the only step of a pipeline; any other is part of a job elsewhere. */
async function runComponent(hagane: Hagane, component: Component): Promise<Told> {
  const needed = Object.values(component.spec.inputs ?? {}).filter(
    input => /^(uri_|mltable|\w+_model)/.test(input?.type ?? '') || (!input?.optional && input?.default === undefined),
  )
  if (needed.length > 0) return { result: 'Registered', said: '' }
  const folder = join(hagane.dataDir, 'conformance', 'components')
  await mkdir(folder, { recursive: true })
  const file = `${component.name}-${component.version}.yml`
  const reference = `azureml:${component.name}:${component.version}`
  const job = { type: 'pipeline', jobs: { step: { type: component.type, component: reference } } }
  await writeFile(join(folder, file), JSON.stringify(job))
  return runJob(hagane, folder, ['-f', file])
}

async function runJob(hagane: Hagane, cwd: string, flags: readonly string[]): Promise<Told> {
  const name = `conformance-${randomUUID().slice(0, 8)}`
  const command = ['job', 'create', ...flags, '--name', name, '--stream', '--query', 'status', '-o', 'tsv']
  const { code, stdout, stderr } = await hagane.cli(command, cwd, JOB_SECONDS)
  const status = stdout.trim()
  if (status === 'Completed') return { result: status, said: '' }
  if (code !== null) return { result: status || 'Refused', said: stderr }
  await hagane.cli(['job', 'cancel', '-n', name], cwd)
  return { result: 'Timeout', said: `no end within ${JOB_SECONDS} s; last lines:\n${stderr.slice(-500)}` }
}

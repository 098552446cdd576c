import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Hagane } from './hagane.ts'
import type { Manifest } from './inventory.ts'

/** `Completed` for what ran, `Registered` for what was created, else the job's end, `Refused` at submit, or `Timeout`. */
export interface Outcome {
  readonly result: string
  readonly seconds: number
  /** What the command line said; empty when all went well. */
  readonly said: string
}

const JOB_SECONDS = 1_800

/** Flags that the examples' own scripts give to a file that is not complete without them. */
const given: Readonly<Record<string, { cwd: string; flags: readonly string[] }>> = {
  'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing/pipeline-job.yml': {
    cwd: 'endpoints/batch/deploy-pipelines/batch-scoring-with-preprocessing',
    flags: ['--set', 'inputs.input_data.path=data/unlabeled'],
  },
  'endpoints/batch/deploy-pipelines/training-with-components/deployment-ordinal/pipeline-job.yml': {
    cwd: 'endpoints/batch/deploy-pipelines/training-with-components',
    flags: ['--set', 'inputs.input_data.path=azureml:heart-classifier-train@latest'],
  },
}

/** Does with a manifest what its kind is for: runs a job, registers and runs a component, registers everything else. */
export async function runManifest(hagane: Hagane, cli: string, manifest: Manifest): Promise<Outcome> {
  const started = performance.now()
  const { result, said } = await outcomeOf(hagane, cli, manifest)
  return { result, said, seconds: (performance.now() - started) / 1000 }
}

type Told = Omit<Outcome, 'seconds'>

async function outcomeOf(hagane: Hagane, cli: string, manifest: Manifest): Promise<Told> {
  if (manifest.kind === 'job') {
    const special = given[manifest.path]
    const cwd = special === undefined ? dirname(manifest.file) : join(cli, special.cwd)
    return runJob(hagane, cwd, ['-f', manifest.file, ...(special?.flags ?? [])])
  }
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
  spec: { inputs?: Record<string, { optional?: boolean; default?: unknown } | null> }
}

/** A component that needs no input is run as the only step of a pipeline; any other is part of a job elsewhere. */
async function runComponent(hagane: Hagane, component: Component): Promise<Told> {
  const needed = Object.values(component.spec.inputs ?? {}).filter(
    input => !input?.optional && input?.default === undefined,
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
  const created = await hagane.cli(['job', 'create', ...flags, '--query', 'name', '-o', 'tsv'], cwd)
  if (created.code !== 0) return { result: 'Refused', said: created.stderr }
  const name = created.stdout.trim()
  const streamed = await hagane.cli(['job', 'stream', '-n', name], cwd, JOB_SECONDS)
  const status = (await hagane.cli(['job', 'show', '-n', name, '--query', 'status', '-o', 'tsv'], cwd)).stdout.trim()
  if (status === 'Completed') return { result: status, said: '' }
  if (streamed.code !== null) return { result: status, said: `${streamed.stdout}\n${streamed.stderr}` }
  await hagane.cli(['job', 'cancel', '-n', name], cwd)
  return { result: 'Timeout', said: `no end within ${JOB_SECONDS} s; last lines:\n${streamed.stdout.slice(-500)}` }
}

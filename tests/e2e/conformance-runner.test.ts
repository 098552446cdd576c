import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const runner = resolve(import.meta.dirname, '../conformance/azureml/main.ts')

const online = '$schema: https://x/managedOnlineDeployment.schema.json\nname: blue\nmodel: {path: ../../../../assets}\n'
/** Asks for a workspace by `az`, cleans up in Azure, writes where it lies, and says something. */
const script = (says: string): string => `set -e
test "$(az ml workspace show --query name -o tsv)" = default
curl -sS -X DELETE https://ml.azure.com/api/models/x
echo x > endpoints/online/output.jpg
${says}
`

/** A checkout in small: one file for each way a row of the table can end. */
const checkout: Record<string, string> = {
  'jobs/good.yml': 'command: echo good\nenvironment:\n  image: python\n$schema: https://x/commandJob.schema.json\n',
  'jobs/bad.yml': 'command: "echo some error >&2; exit 3"\nenvironment:\n  image: python\ntype: command\n',
  'jobs/automl.yml': 'type: pipeline\njobs:\n  train:\n    type: automl\n    task: regression\n',
  'jobs/registry.yml':
    'type: pipeline\njobs:\n  a:\n    type: command\n    component: azureml://registries/theirs/components/x/labels/latest\n',
  'jobs/lacking.yml': 'type: command\ncode: ./not-there\ncommand: "true"\nenvironment: {image: python}\n',
  'jobs/address.yml':
    'type: command\ncommand: "true"\nenvironment: {image: python}\ninputs:\n  a: {type: uri_file, path: "https://nowhere.invalid/a.csv"}\n',
  'jobs/template.yml': 'type: command\ncommand: "true"\nname: "{{NAME}}"\nenvironment: {image: python}\n',
  'jobs/uses.yml': 'type: pipeline\njobs:\n  a:\n    type: spark\n    component: ./good.yml\n',
  'jobs/conda.yml': 'name: env\nchannels: [conda-forge]\ndependencies: [python=3.10]\n',
  'assets/component.yml':
    '$schema: https://x/commandComponent.schema.json\ntype: command\nname: alone\ncommand: echo alone\nenvironment:\n  image: python\n',
  'assets/needs.yml':
    '$schema: https://x/commandComponent.schema.json\ntype: command\nname: needs\ninputs:\n  a:\n    type: uri_folder\ncommand: ls ${{inputs.a}}\nenvironment:\n  image: python\n',
  'assets/data.yml': '$schema: https://x/data.schema.json\nname: numbers\ntype: uri_file\npath: data.csv\n',
  'assets/data.csv': '1\n',
  'endpoints/online/managed/sample/blue-deployment.yml': online,
  'endpoints/online/managed/sample/green-deployment.yml': online,
  'endpoints/online/custom-container/x/deployment.yml': online,
  'deploy-managed-online-endpoint.sh': script('echo "[11055.977245525679, 4503.079536107787] Init complete"'),
  'deploy-local-endpoint.sh': script('echo "[11055.977245525679, 4503.079536107787] Init complete"'),
  'deploy-safe-rollout-online-endpoints.sh': script('echo "[0.1, 0.2]"'),
}

describe('the runner of examples', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hagane-conformance-test-'))
    for (const [name, text] of Object.entries(checkout)) {
      const file = join(folder, 'cli', name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
  })
  afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))

  function run(...args: string[]): Promise<{ code: number | null; out: string }> {
    const child = spawn(process.execPath, [runner, folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (out += String(chunk)))
    return new Promise((done, fail) => {
      child.on('error', fail)
      child.on('close', code => done({ code, out }))
    })
  }
  const results = async (): Promise<Record<string, [string, string]>> => {
    const rows = JSON.parse(await readFile(join(folder, 'rows.json'), 'utf8')) as Record<string, string>[]
    return Object.fromEntries(rows.map(row => [row.file, [row.result ?? '', row.reason ?? '']]))
  }

  it('finds what each file is and sets aside what nobody could run, with the reason', async () => {
    const { code, out } = await run('--list', '--json', join(folder, 'rows.json'))
    expect(code, out).toBe(0)
    expect(await results()).toEqual({
      'assets/component.yml': ['to run', ''],
      'assets/data.yml': ['to run', ''],
      'assets/needs.yml': ['to run', ''],
      'endpoints/online/custom-container/x/deployment.yml': ['excluded', 'needs the image of a container registry'],
      'endpoints/online/managed/sample/blue-deployment.yml': ['to run', ''],
      'endpoints/online/managed/sample/green-deployment.yml': ['to run', ''],
      'jobs/address.yml': ['excluded', 'reads https://nowhere.invalid/a.csv, which is not mirrored'],
      'jobs/automl.yml': ['excluded', 'AutoML is a service of Azure'],
      'jobs/bad.yml': ['to run', ''],
      'jobs/good.yml': ['to run', ''],
      'jobs/lacking.yml': ['excluded', 'the checkout lacks jobs/not-there'],
      'jobs/registry.yml': ['excluded', 'names assets of a registry of Azure'],
      'jobs/template.yml': ['excluded', 'is a template to be filled in'],
      'jobs/uses.yml': ['excluded', 'needs Spark, which is a Java machine and no Python package'],
    })
  })
  it('runs the rest on a server of its own, and fails when one does not complete for a reason that is not known', async () => {
    const { code, out } = await run('--json', join(folder, 'rows.json'))
    expect(code, out).toBe(1)
    expect(await results()).toMatchObject({
      'assets/component.yml': ['Completed', ''],
      'assets/data.yml': ['Registered', ''],
      'assets/needs.yml': ['Registered', ''],
      'endpoints/online/managed/sample/blue-deployment.yml': ['Answered', ''],
      'endpoints/online/managed/sample/green-deployment.yml': ['Wrong answer', expect.any(String)],
      'jobs/good.yml': ['Completed', ''],
      'jobs/bad.yml': ['Failed', expect.stringContaining('error')],
    })
    expect(out).toContain('2 open: endpoints/online/managed/sample/green-deployment.yml, jobs/bad.yml')
    const some = await run('--only', 'jobs/good.yml')
    expect(some.code, some.out).toBe(0)
  })
})

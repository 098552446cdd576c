import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobResource } from '@hagane/contract'
import { buildTestApp, stepsOf, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cliHere } from './cli-here.ts'

const files: Record<string, string> = {
  'pipeline.yml': `type: pipeline
experiment_name: export
inputs:
  numbers: {type: uri_file, path: numbers.csv}
  rate: 0.5
jobs:
  sum:
    code: src
    command: python sum.py \${{inputs.numbers}} \${{inputs.rate}} \${{outputs.sum}}
    environment: {image: python, conda_file: conda.yml}
    inputs: {numbers: "\${{parent.inputs.numbers}}", rate: "\${{parent.inputs.rate}}"}
    outputs: {sum: {type: uri_folder}}
  show:
    command: cat \${{inputs.sum}}/sum > \${{outputs.shown}}/shown
    inputs: {sum: "\${{parent.jobs.sum.outputs.sum}}"}
    outputs: {shown: {type: uri_folder}}
`,
  'conda.yml': 'dependencies:\n  - python\n  - pip:\n      - six==1.16.0\n',
  'numbers.csv': '1\n2\n3\n',
  'src/sum.py':
    "import sys, six\nopen(sys.argv[3] + '/sum', 'w').write(six.__version__ + str(sum(map(int, open(sys.argv[1]))) * float(sys.argv[2])))\n",
}

let one: TestApp
let other: TestApp
let folder = ''
beforeAll(async () => {
  one = await buildTestApp()
  other = await buildTestApp()
  folder = await mkdtemp(join(tmpdir(), 'hagane-export-'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
})
afterAll(async () => {
  await one[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

const outputsOf = async (server: TestApp, job: string) =>
  Object.fromEntries(
    Object.entries(await stepsOf(server.client, job)).map(([step, { outputs }]) => [
      step,
      Object.values(outputs as Record<string, { digest?: string }>).map(({ digest }) => digest),
    ]),
  )

it('a folder computes the job again on another server, with equal outputs', { timeout: 120_000 }, async () => {
  const cli = cliHere(one.url, folder)
  const { name } = await cli.json<JobResource>('job', 'create', '-f', 'pipeline.yml', '--stream')
  await cli.run('job', 'show', '-n', name, '--export', 'there')
  await cli.run('job', 'show', '-n', name, '--export', 'again')
  const yaml = await readFile(join(folder, 'there', 'job.yml'), 'utf8')
  expect(yaml).not.toMatch(/hagane:|\.\.\//)
  expect(await readFile(join(folder, 'again', 'job.yml'), 'utf8')).toBe(yaml)
  expect(await readFile(join(folder, 'there', 'README.md'), 'utf8')).toContain('hagane job create -f job.yml --stream')
  const there = cliHere(other.url, join(folder, 'there'))
  const again = await there.json<JobResource>('job', 'create', '-f', 'job.yml', '--stream')
  const made = await outputsOf(one, name)
  expect(await outputsOf(other, again.name)).toEqual(made)
  expect(made).toEqual({ sum: [expect.stringMatching(/^[0-9a-f]{64}$/)], show: [expect.any(String)] })
  await expect(cli.run('job', 'show', '-n', name, '--export', 'there')).rejects.toThrow(/is not empty/)
})

import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const cli = resolve(import.meta.dirname, '../../packages/cli/bin/hagane.js')

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

describe('scripts written for az, with az as a function of the shell', () => {
  let app: TestApp
  let folder: string
  beforeAll(async () => {
    app = await buildTestApp()
    folder = await mkdtemp(join(tmpdir(), 'hagane-az-'))
    await cp(join(import.meta.dirname, 'az-scripts'), folder, { recursive: true })
    await writeFile(join(folder, 'hagane'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, { mode: 0o755 })
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  })

  function bash(...script: string[]): Promise<Ran> {
    const env = {
      ...process.env,
      PATH: `${folder}${delimiter}${process.env.PATH}`,
      HAGANE_URL: app.url,
      XDG_CONFIG_HOME: join(folder, 'config'),
    }
    const child = spawn('bash', ['-c', 'az() { hagane az "$@"; }; export -f az; bash "$@"', 'bash', ...script], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ran = { out: '', err: '' }
    child.stdout.on('data', chunk => (ran.out += String(chunk)))
    child.stderr.on('data', chunk => (ran.err += String(chunk)))
    return new Promise((done, fail) => {
      child.on('error', fail)
      child.on('close', code => done({ code, ...ran }))
    })
  }

  it('register assets, run a pipeline of them, read its steps and download what they made', async () => {
    const { code, out, err } = await bash('assets.sh')
    expect(code, err).toBe(0)
    expect(out.split('\n')).toEqual([
      'workspace default',
      'group team',
      `tracking ${app.url}`,
      'data 1 two numbers ',
      'steps 2',
      'downloaded 42',
      'model 7',
      'updated tag',
      '',
    ])
  })
  it('poll a job to its end and tell success from failure', async () => {
    await bash('-c', 'az ml compute create -n cpu-cluster --type AmlCompute -o none')
    const good = await bash('run-to-end.sh', 'hello.yml')
    expect(good, good.err).toMatchObject({ code: 0, out: expect.stringMatching(/^"http.*"\n\S+ Completed\n$/) })
    const bad = await bash('run-to-end.sh', 'hello.yml', '--set', 'inputs.who=nobody', 'experiment_name=mine')
    expect(bad, bad.err).toMatchObject({ code: 1, out: expect.stringContaining(' Failed\n') })
    const refused = await bash('run-to-end.sh', 'hello.yml', '--set', 'environment=azureml:missing@latest')
    expect(refused).toMatchObject({
      code: 3,
      out: 'creation failed\n',
      err: expect.stringContaining('no environment missing@latest'),
    })
  })
  it('cancel a job', async () => {
    const { code, out, err } = await bash('cancel.sh')
    expect(code, err).toBe(0)
    expect(out).toBe('stream ended with 1\nCanceled\n')
  })
})

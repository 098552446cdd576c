import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const executable = join(import.meta.dirname, '..', 'bin', 'hagane.js')
const folder = mkdtempSync(join(tmpdir(), 'hagane-real-'))

const jobYaml = `type: command
command: cat \${{inputs.data}} && cp \${{inputs.data}} \${{outputs.copy}}/
inputs:
  data: {type: uri_file, path: iris.csv}
outputs:
  copy: {type: uri_folder}
environment: {image: python}
`

const pipelineYaml = `type: pipeline
jobs:
  one:
    type: command
    command: echo hello from one | tee \${{outputs.text}}/a.txt
    environment: {image: python}
    outputs:
      text: {type: uri_folder}
  two:
    type: command
    command: cat \${{inputs.text}}/a.txt
    environment: {image: python}
    inputs:
      text: \${{parent.jobs.one.outputs.text}}
`

let server: ChildProcess
let url = ''

/** Waits for the line in which the server says where it is. */
async function announced(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    const match = /ready at (http:\S+)[\s\S]*pid +\d+/.exec(text)
    if (match?.[1] !== undefined) return match[1]
  }
  throw new Error(`the server ended: ${text}`)
}

beforeAll(async () => {
  const env = { PATH: process.env.PATH, HOME: folder }
  const argv = [executable, 'up', '--port', '0', '--data', join(folder, 'data')]
  server = spawn(process.execPath, argv, { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  url = await announced(server)
})

afterAll(async () => {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  rmSync(folder, { recursive: true, force: true })
})

function hagane(...argv: string[]) {
  const env = { PATH: process.env.PATH, HOME: folder, HAGANE_URL: url }
  const ran = spawnSync(process.execPath, [executable, ...argv], { encoding: 'utf8', env, cwd: folder })
  return { code: ran.status, out: ran.stdout, err: ran.stderr }
}

describe('the real server', () => {
  it('runs in the very process that was started', () => {
    expect(hagane('status', '--query', 'pid', '-o', 'tsv')).toEqual({ code: 0, out: `${server.pid}\n`, err: '' })
  })

  it('knows workspaces, and who asks', () => {
    expect(hagane('workspace', 'create', '-n', 'team').code).toBe(0)
    const whoami = ['access', 'whoami', '-w', 'team', '--query', '[actor, workspace]', '-o', 'tsv']
    expect(hagane(...whoami).out).toMatch(/^local:.+\nteam\n$/)
    expect(hagane('access', 'whoami', '-w', 'nope')).toMatchObject({ code: 1, err: /nope/ })
  })

  it('stores an upload once, and the audit trail holds', () => {
    writeFileSync(join(folder, 'iris.csv'), '1,2\n')
    const argv = ['data', 'create', '-n', 'iris', '--path', 'iris.csv']
    const first = hagane(...argv, '-v', '1')
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(first.out)).toMatchObject({ id: 'azureml:iris:1', type: 'uri_file' })
    expect(hagane(...argv, '-v', '2').code).toBe(0)
    const paths = hagane('data', 'list', '-n', 'iris', '--query', '[].path', '-o', 'tsv').out.trim().split('\n')
    expect(new Set(paths).size).toBe(1)
    expect(hagane('audit', 'verify', '--query', 'ok', '-o', 'tsv')).toMatchObject({ code: 0, out: 'true\n' })
  })

  it('exports a chain that verifies without the server, also from later on and against a kept checkpoint', () => {
    writeFileSync(join(folder, 'hagane.pub'), hagane('audit', 'key', '--query', 'public_key', '-o', 'tsv').out.trim())
    expect(hagane('audit', 'checkpoint', 'create', '-f', 'kept.checkpoint')).toMatchObject({ code: 0 })
    expect(hagane('audit', 'export', '--file', 'export.jsonl')).toMatchObject({ code: 0, err: '' })
    expect(hagane('audit', 'export', '--after', '3', '--file', 'later.jsonl')).toMatchObject({ code: 0, err: '' })
    const publicKey = readFileSync(join(folder, 'hagane.pub'), 'utf8')
    for (const file of ['export.jsonl', 'later.jsonl']) {
      const argv = ['audit', 'verify', file, '--public-key', publicKey, '--checkpoint', 'kept.checkpoint']
      const { code, out } = hagane(...argv)
      expect([code, JSON.parse(out)]).toMatchObject([0, { ok: true, faults: [] }])
    }
    const text = readFileSync(join(folder, 'export.jsonl'), 'utf8')
    writeFileSync(join(folder, 'export.jsonl'), text.replace('iris', 'isis'))
    expect(hagane('audit', 'verify', 'export.jsonl')).toMatchObject({ code: 1 })
    expect(hagane('audit', 'export', '--after', '100000').err).toContain('none after 100000')
  })

  it.each([
    ['json', '['],
    ['yaml', '- '],
    ['table', 'Name'],
    ['tsv', 'azureml:'],
  ])('prints as %s', (format, start) => {
    const { code, out } = hagane('data', 'list', '-o', format, ...(format === 'tsv' ? ['--query', '[].id'] : []))
    expect(code).toBe(0)
    expect(out.startsWith(start)).toBe(true)
  })

  it('runs a job, streams its log, and downloads what it made', () => {
    writeFileSync(join(folder, 'job.yml'), jobYaml)
    const created = hagane('job', 'create', '-f', 'job.yml', '--name', 'first', '--stream')
    expect(created).toMatchObject({ code: 0, err: '', out: /RunId: first[\s\S]*1,2[\s\S]*Status: Completed/ })
    expect(hagane('job', 'show', '-n', 'first', '--query', 'status', '-o', 'tsv').out).toBe('Completed\n')
    expect(hagane('job', 'download', '-n', 'first', '--output-name', 'copy')).toMatchObject({ code: 0 })
    expect(readFileSync(join(folder, 'named-outputs/copy/iris.csv'), 'utf8')).toBe('1,2\n')
  })

  it('ends with 1 when the job fails, with the last words of its log', () => {
    const set = ['--set', 'command=echo last words; exit 3', '--name', 'second']
    const { code, err, out } = hagane('job', 'create', '-f', 'job.yml', '--stream', ...set)
    expect(code).toBe(1)
    expect(out).toContain('Status: Failed')
    expect(err).toMatch(/^error: second failed[\s\S]*last words/)
  })

  it('follows a pipeline step by step', () => {
    writeFileSync(join(folder, 'pipeline.yml'), pipelineYaml)
    const { code, out } = hagane('job', 'create', '-f', 'pipeline.yml', '--stream')
    expect(code).toBe(0)
    expect(out).toContain('[one] hello from one\n')
    expect(out).toMatch(/\[two\] hello from one[\s\S]*two {2}Completed/)
  })

  it('refuses other content under the same version, with the request id', () => {
    writeFileSync(join(folder, 'other.csv'), '3,4\n')
    expect(hagane('data', 'create', '-n', 'iris', '--path', 'other.csv', '-v', '1')).toMatchObject({
      code: 1,
      err: /request id: /,
    })
  })
})

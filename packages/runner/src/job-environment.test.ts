import { existsSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inheritable, stepEnvironment } from './job-environment.ts'
import { freshFolder, runCommand } from './testing/steps.ts'

const parts = { inherited: {}, own: {}, folder: '/f', temporary: '/f/tmp', prefixes: [], shims: undefined }

describe('what a step inherits', () => {
  it('is what makes tools work', () => {
    const passes = {
      HOME: '/home/u',
      PATH: '/bin',
      TZ: 'Asia/Tokyo',
      SSL_CERT_FILE: '/c',
      NODE_EXTRA_CA_CERTS: '/c',
      HTTPS_PROXY: 'http://user:word@proxy:1',
      PIP_INDEX_URL: 'https://user:word@index/simple',
      UV_INDEX_PRIVATE_PASSWORD: 'word',
      CUDA_VISIBLE_DEVICES: '0',
      TOKENIZERS_PARALLELISM: 'false',
      PYENV_ROOT: '/p',
    }
    expect(inheritable(passes)).toEqual(passes)
  })
  it("leaves out Hagane's settings, secrets and what would change bash, Python and Node", () => {
    const stays = {
      HAGANE_DATABASE: 'x',
      MLFLOW_TRACKING_URI: 'x',
      MLFLOW_RUN_ID: 'x',
      AZUREML_RUN_ID: 'x',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: '/x',
      VIRTUAL_ENV: '/x',
      BASH_ENV: '/x',
      SHELLOPTS: 'errexit',
      NODE_OPTIONS: '--inspect',
      npm_config_cache: '/x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_ACCESS_KEY_ID: 'x',
      GH_TOKEN: 'x',
      PGPASSWORD: 'x',
      OPENAI_API_KEY: 'x',
      AZURE_STORAGE_CONNECTION_STRING: 'x',
      GOOGLE_APPLICATION_CREDENTIALS: '/x',
      DATABASE_URL: 'postgres://user:word@host/db',
    }
    expect(inheritable(stays)).toEqual({})
  })
})

describe('the environment of a step', () => {
  it('lets the plan win, but for PATH and PYTHONPATH, which are completed', () => {
    const own = { LANG: 'ja_JP.UTF-8', PATH: '/own', PYTHONPATH: '/lib', GH_TOKEN: 'mine', HAGANE_URL: 'http://h' }
    const made = stepEnvironment({
      ...parts,
      own,
      inherited: { LANG: 'C' },
      prefixes: ['/venv', '/base'],
      shims: '/shims',
    })
    expect(made).toMatchObject({
      ...own,
      PATH: '/venv/bin:/base/bin:/own',
      PYTHONPATH: '/shims:/lib',
      VIRTUAL_ENV: '/venv',
      TMPDIR: '/f/tmp',
      PYTHONUNBUFFERED: '1',
    })
  })
  it('refuses names and values that no process can have', () => {
    const wrong: Record<string, string>[] = [{ 'A=B': '' }, { '': '' }, { A: 'x\0' }, { A: 'x'.repeat(130_000) }]
    for (const own of wrong) {
      expect(() => stepEnvironment({ ...parts, own })).toThrow(/environment_variables/)
    }
  })
  it('gives a temporary folder of its own that also holds sockets when the step lies deep', async () => {
    const folder = join(freshFolder(), 'd'.repeat(80), '1')
    mkdirSync(join(folder, '..'))
    const { log } = await runCommand('touch "$TMPDIR/here"; printf %s "$TMPDIR"', { folder })
    expect(log.length).toBeLessThan(65)
    expect(existsSync(join(folder, 'tmp', 'here'))).toBe(true)
    // the short name is taken back at the end
    expect(lstatSync(log, { throwIfNoEntry: false })).toBeUndefined()
  })
})

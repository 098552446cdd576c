import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type GitState, jobRoutes } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { bind, contractServer } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { jobOf, MemoryJobs } from '../testing/memory-jobs.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { newFolder, runCli } from '../testing/run-cli.ts'

const jobYaml = `type: command
code: src
command: python train.py --lr \${{inputs.lr}} --data \${{inputs.data}}
inputs:
  lr: 0.1
  data: {type: uri_file, path: iris.csv}
environment: {image: python}
`
const files = { 'job.yml': jobYaml, 'src/train.py': 'print(1)', 'src/__pycache__/x.pyc': 'x', 'iris.csv': '1,2' }

interface Submitted {
  job: { name?: string; code: string; inputs: { lr: unknown; data: { path: string } } }
  git?: GitState
  default_experiment_name?: string
}

async function withServer(
  work: (run: (...argv: string[]) => ReturnType<typeof runCli>, jobs: MemoryJobs, store: MemoryStore) => Promise<void>,
  cwd = folderWith(files),
) {
  const jobs = new MemoryJobs()
  const store = new MemoryStore()
  await using server = await contractServer(...store.routes, ...jobs.routes, ...outputRoutes(store))
  await work((...argv) => runCli(argv, { cwd, env: { HAGANE_URL: server.url } }), jobs, store)
}

const outputRoutes = (store: MemoryStore) => [
  bind(jobRoutes.outputs, () => ({
    outputs: {
      score: { type: 'uri_folder', uri: 'x', digest: store.putFiles({ 'predictions.csv': '1' }) },
      elsewhere: { type: 'uri_folder', uri: 'azureml://datastores/d/paths/p' },
    },
    artifacts: store.putFiles({ 'model/MLmodel': 'm' }),
  })),
]

describe('job create', () => {
  it('uploads code and data, then submits the job that refers to them', async () => {
    await withServer(async (run, jobs, store) => {
      const { code, out, err } = await run(
        'job',
        'create',
        '-f',
        'job.yml',
        '--name',
        'mine',
        '--set',
        'inputs.lr=1e-3',
      )
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(JSON.parse(out)).toMatchObject({ name: 'mine', services: { Studio: { endpoint: /studio/ } } })
      const { job } = jobs.submitted[0] as Submitted
      expect(job.name).toBe('mine')
      expect(store.filesAt(job.code)).toEqual({ 'train.py': 'print(1)' })
      expect(job.inputs.data.path).toMatch(/\/iris\.csv$/)
      expect(store.filesAt(job.inputs.data.path)).toEqual({ 'iris.csv': '1,2' })
    })
  })

  it('proposes the name of the working folder as experiment', async () => {
    const cwd = folderWith(files)
    await withServer(async (run, jobs) => {
      await run('job', 'create', '-f', 'job.yml')
      expect(jobs.submitted[0]).toMatchObject({ default_experiment_name: basename(cwd) })
      expect(jobs.submitted[0]).not.toHaveProperty('git')
    }, cwd)
  })

  it('tells the commit of the folder that the file lies in', async () => {
    const cwd = folderWith({ 'a/job.yml': 'type: command\ncommand: echo\nenvironment: {image: p}\n' })
    const git = (...args: string[]) => execFileSync('git', args, { cwd, stdio: 'pipe' })
    git('init')
    git('add', '.')
    git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-m', 'x')
    await withServer(async (run, jobs) => {
      await run('job', 'create', '-f', 'a/job.yml')
      expect((jobs.submitted[0] as Submitted).git).toMatchObject({ dirty: false, path: 'a' })
    }, cwd)
  })

  it('keeps stdout for the result when one is asked for, and streams to stderr then', async () => {
    await withServer(async (run, jobs) => {
      jobs.onShow = () => jobs.change('made_up_1', { status: 'Completed' })
      jobs.write('made_up_1', 'the log\n')
      const ran = await run('job', 'create', '-f', 'job.yml', '--stream', '--query', 'name', '-o', 'tsv')
      expect(ran.out).toBe('made_up_1\n')
      expect(ran.err).toContain('the log\n')
    })
  })

  it('prints the log alone with --stream, and like az the job after it', async () => {
    await withServer(async (run, jobs) => {
      jobs.onShow = () => jobs.change('made_up_1', { status: 'Completed' })
      jobs.write('made_up_1', 'the log\n')
      expect((await run('job', 'create', '-f', 'job.yml', '--stream')).out).toMatch(/the log\n[\s\S]*Completed\n$/)
      const like = await run('az', 'ml', 'job', 'create', '-f', 'job.yml', '--stream', '-g', 'group', '-w', 'default')
      expect(JSON.parse(like.out.slice(like.out.indexOf('{')))).toMatchObject({ status: 'Completed' })
    })
  })

  it('writes the job to a file with --save-as', async () => {
    const cwd = folderWith(files)
    await withServer(async run => {
      await run('job', 'create', '-f', 'job.yml', '--save-as', 'saved.yml')
      expect(readFileSync(join(cwd, 'saved.yml'), 'utf8')).toMatch(/^name: made_up_1$/m)
    }, cwd)
  })

  it('shows file, line and property of a mistake and sends nothing', async () => {
    const cwd = folderWith({ 'job.yml': 'type: command\ncommand: echo\nenvironmnt: {image: p}\n' })
    await withServer(async (run, jobs, store) => {
      const { code, err } = await run('job', 'create', '-f', 'job.yml')
      expect(code).toBe(1)
      expect(err).toMatch(/job\.yml:3.*environmnt/)
      expect([jobs.submitted, store.blobs.size]).toEqual([[], 0])
    }, cwd)
  })

  it('names a file that is not there', async () => {
    await withServer(async run => {
      expect((await run('job', 'create', '-f', 'no.yml')).err).toMatch(/error: .*no\.yml/)
    })
  })

  it('submits to the workspace that is named', async () => {
    const jobs = new MemoryJobs()
    const store = new MemoryStore()
    await using server = await contractServer(...store.routes, ...jobs.routes)
    await runCli(['job', 'create', '-f', 'job.yml', '-w', 'team a'], {
      cwd: folderWith(files),
      env: { HAGANE_URL: server.url },
    })
    expect(server.requests.at(-1)).toBe('POST /ws/team%20a/api/v1/jobs')
  })
})

describe('job validate', () => {
  it('sends the job to be checked and says that it is right', async () => {
    await withServer(async (run, jobs) => {
      const { code, out } = await run('job', 'validate', '-f', 'job.yml')
      expect([code, JSON.parse(out)]).toEqual([0, { result: 'Succeeded', errors: [] }])
      expect(jobs.submitted).toHaveLength(1)
    })
  })

  it('takes what create takes: an MLproject or its folder, an entry point and parameters', async () => {
    const MLproject = 'entry_points: {check: {parameters: {depth: float}, command: "python check.py {depth}"}}\n'
    await withServer(
      async (run, jobs) => {
        for (const file of ['MLproject', '.']) {
          const { err } = await run('job', 'validate', '-f', file, '--entry-point', 'check', '-P', 'depth=3')
          expect(err).not.toContain('error')
          expect(jobs.submitted.pop()).toMatchObject({ job: { command: 'python check.py ${{inputs.depth}}' } })
        }
      },
      folderWith({ MLproject, 'check.py': '' }),
    )
    await withServer(async run => {
      const { code, err } = await run('job', 'validate', '-f', 'job.yml', '-P', 'lr=1')
      expect([code, err]).toEqual([2, expect.stringContaining('--set inputs.<name>=<value>')])
    })
  })
})

it('job show says that --no-data alone means nothing', async () => {
  const { code, err } = await runCli(['job', 'show', '-n', 'x', '--no-data'], {})
  expect([code, err]).toEqual([2, expect.stringContaining('--no-data goes with --export')])
})

describe('job list', () => {
  it('stops at --max-results and follows pages until then', async () => {
    await withServer(async (run, jobs) => {
      for (let index = 0; index < 60; index += 1) jobs.set(jobOf({ name: `j${index}` }))
      const lengthOf = async (...argv: string[]) => JSON.parse((await run('job', 'list', ...argv)).out).length
      expect(await lengthOf()).toBe(50)
      expect(await lengthOf('-r', '7')).toBe(7)
      expect(await lengthOf('--all-results')).toBe(60)
    })
  })

  it('prints names for a shell loop', async () => {
    await withServer(async (run, jobs) => {
      jobs.set(jobOf({ name: 'a' }))
      jobs.set(jobOf({ name: 'b' }))
      expect((await run('job', 'list', '--query', '[].name', '-o', 'tsv')).out).toBe('a\nb\n')
    })
  })
})

describe('other verbs', () => {
  it('update sends only what was changed', async () => {
    await withServer(async (run, jobs) => {
      jobs.set(jobOf({ name: 'a', tags: { x: '1' } }))
      await run('job', 'update', '-n', 'a', '--set', 'tags.y=2', 'display_name=best')
      expect(jobs.updates).toEqual([{ tags: { x: '1', y: '2' }, display_name: 'best' }])
    })
  })

  it('archive and restore change one property and print nothing', async () => {
    await withServer(async (run, jobs) => {
      jobs.set(jobOf({ name: 'a' }))
      expect((await run('job', 'archive', '-n', 'a')).out).toBe('')
      await run('job', 'restore', '-n', 'a')
      expect(jobs.updates).toEqual([{ archived: true }, { archived: false }])
    })
  })

  it('cancel and show-services print what the server says', async () => {
    await withServer(async (run, jobs) => {
      jobs.set(jobOf({ name: 'a' }))
      expect((await run('job', 'cancel', '-n', 'a', '--query', 'status', '-o', 'tsv')).out).toBe('CancelRequested\n')
      expect(JSON.parse((await run('job', 'show-services', '-n', 'a')).out)).toHaveProperty('Studio')
    })
  })

  it('download puts artifacts and the log, or a named output, where Azure puts them', async () => {
    const cwd = folderWith(files)
    await withServer(async (run, jobs) => {
      jobs.set(jobOf({ name: 'a' }))
      jobs.write('a', 'log')
      expect((await run('job', 'download', '-n', 'a', '-p', 'out')).code).toBe(0)
      expect(readFileSync(join(cwd, 'out/artifacts/model/MLmodel'), 'utf8')).toBe('m')
      expect(readFileSync(join(cwd, 'out/artifacts/user_logs/std_log.txt'), 'utf8')).toBe('log')
      expect((await run('job', 'download', '-n', 'a', '--output-name', 'score')).code).toBe(0)
      expect(readFileSync(join(cwd, 'named-outputs/score/predictions.csv'), 'utf8')).toBe('1')
    }, cwd)
  })

  it('download names the outputs there are when one is not', async () => {
    await withServer(async run => {
      expect((await run('job', 'download', '-n', 'a', '--output-name', 'scores')).err).toContain('score, elsewhere')
      expect((await run('job', 'download', '-n', 'a', '--output-name', 'elsewhere')).err).toContain('datastores/d')
    })
  })

  it('show of an unknown job says so with the request id and ends with 1', async () => {
    await withServer(async run => {
      expect(await run('job', 'show', '-n', 'nope')).toEqual({
        code: 1,
        out: '',
        err: "error: no job 'nope'\nrequest id: req-1\n",
      })
    })
  })
})

it('a wrong query is found before the server is asked', async () => {
  const { code, err } = await runCli(['job', 'list', '--query', 'a['], { env: { HAGANE_URL: 'http://127.0.0.1:9' } })
  expect(code).toBe(2)
  expect(err).toContain('--query')
})

it('without a server the exit code is 3 and the hint says how to start one', async () => {
  const { code, err } = await runCli(['job', 'list'], { cwd: newFolder(), env: { HAGANE_URL: 'http://127.0.0.1:9' } })
  expect(code).toBe(3)
  expect(err).toContain('hagane up')
})

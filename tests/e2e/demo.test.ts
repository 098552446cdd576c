import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { cliOf } from '../../tools/demo/cli.ts'
import { startServer, stopServer } from '../../tools/demo/server.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const demo = join(root, 'tools', 'demo', 'main.ts')
const fifteenMinutes = 900_000

interface Played {
  readonly code: number | null
  readonly text: string
}

function play(dataDir: string, ...flags: string[]): Promise<Played> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [demo, '--exit', '--data', dataDir, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
    }
    child.on('error', reject)
    child.on('close', code => resolve({ code, text }))
  })
}

describe('the demo', () => {
  const folders: string[] = []
  let dataDir = ''
  const openFolder = async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'hagane-demo-test-'))
    folders.push(dataDir)
  }
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  })

  it(
    'leads from raw data to a model that was replaced by a better one, and a second run on the same folder reuses every step',
    async () => {
      // another try begins with nothing, too
      await openFolder()
      const first = await play(dataDir)
      expect(first.code, first.text).toBe(0)
      expect(first.text).toContain('0 of 5 steps reused')
      expect(first.text).toMatch(/AUC 0\.7\d\d against 0\.6\d\d of the baseline/)
      expect(first.text).toMatch(/prediction pr-\S+: late with probability 0\.\d\d/)
      expect(first.text).toMatch(/monitor: \d+ findings, among them .*dewp jensen_shannon_distance 0\.67/)
      expect(first.text).toContain('rule retrain-flight-delay: train succeeded, gate succeeded, rollout succeeded')
      expect(first.text).toMatch(
        /gate better-than-champion: azureml:flight-delay:3 against azureml:flight-delay:2: fail, roc_auc 0\.6\d\d against 0\.7\d\d/,
      )
      expect(first.text).toMatch(/rollout flight-delay-celsius-\S+ turned back .*traffic flight-delay-2 100 %/)
      expect(first.text).toMatch(/lineage of the prediction: .*1 data.*\d+ environment.*1 model/)
      expect(first.text).toMatch(/audit trail: \d+ events, the chain holds/)

      const second = await play(dataDir, '--winter')
      expect(second.code, second.text).toBe(0)
      expect(second.text).toContain('5 of 5 steps reused')
      expect(second.text).toContain('model azureml:flight-delay:1')
    },
    fifteenMinutes,
  )

  it(
    'stops before training when the data do not pass their checks, and says which check failed',
    async () => {
      const server = await startServer(dataDir)
      try {
        const cli = cliOf(server.url, join(root, 'examples', 'flights'))
        const wholeQuarter = ['--set', 'inputs.train_until=2013-03-31', '--stream']
        await expect(cli.run('job', 'create', '-f', 'pipeline.yml', ...wholeQuarter)).rejects.toThrow(
          'holdout rows: 0; allowed: >= 5000',
        )
      } finally {
        await stopServer(server)
      }
    },
    fifteenMinutes,
  )
})

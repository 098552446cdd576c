/**
 * What a step costs beyond its own process: `true` staged, started, awaited and collected, against a bare
 * `bash -c true` started the same way. Alternates both, so that other load on the machine hits them alike.
 * Run: node packages/runner/src/testing/overhead-process.ts [rounds]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, type StepPlan, stage, start } from '../index.ts'
import { type FolderStore, folderStore } from './folder-store.ts'

const rounds = Number(process.argv[2] ?? 200)
const root = mkdtempSync(join(tmpdir(), 'hagane-overhead-'))
const samples: Record<string, number[]> = {}
const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const before = performance.now()
  const result = await work()
  const list = samples[name] ?? []
  samples[name] = list
  list.push(performance.now() - before)
  return result
}
const plan = (folder: string, more: Partial<StepPlan> = {}): StepPlan => ({
  name: 'overhead',
  folder,
  render: () => 'true',
  inputs: [],
  outputs: [{ name: 'out', kind: 'folder' }],
  environment: { MLFLOW_RUN_ID: 'overhead' },
  ...more,
})

async function oneStep(label: string, store: FolderStore, step: StepPlan): Promise<void> {
  await timed(`${label}: whole`, async () => {
    const staged = await timed(`${label}: stage`, () => stage(step, store))
    const running = await timed(`${label}: start`, () => start(staged))
    await timed(`${label}: run`, () => running.exit)
    await timed(`${label}: collect`, () => collect(step, store))
  })
}

const store = folderStore(root)
const files = Object.fromEntries(
  Array.from({ length: 100 }, (_, i) => [`src/module_${i}.py`, `x = ${i}\n`.repeat(100)]),
)
const code = await store.tree(files)
for (let round = 0; round < rounds; round++) {
  await timed('bash -c true', async () => {
    await once(spawn('bash', ['-c', 'true'], { stdio: 'ignore', detached: true }), 'exit')
  })
  await oneStep('true', store, plan(join(root, `a${round}`)))
  await oneStep('true with 100 files of code', store, plan(join(root, `b${round}`), { code: { tree: code, path: '' } }))
}
const quantile = (list: number[], q: number) =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length * q)] ?? Number.NaN
for (const [name, list] of Object.entries(samples)) {
  console.log(`${name.padEnd(40)} p50 ${quantile(list, 0.5).toFixed(2)} ms   p90 ${quantile(list, 0.9).toFixed(2)} ms`)
}
const bare = quantile(samples['bash -c true'] ?? [], 0.5)
console.log(`overhead of a step, p50: ${(quantile(samples['true: whole'] ?? [], 0.5) - bare).toFixed(2)} ms`)
rmSync(root, { recursive: true, force: true })

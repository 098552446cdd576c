import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { python } from './testing/deployments.ts'

const folder = join(import.meta.dirname, '../../python/worker')
/** An interpreter with mlflow and scikit-learn, for the cases that need them. */
const withMlflow = process.env.HAGANE_TEST_MLFLOW_PYTHON

const run = (interpreter: string) =>
  spawnSync(interpreter, ['-W', 'ignore', '-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: folder, OMP_NUM_THREADS: '1' },
  })

test("the worker's own tests pass with nothing but Python", () => {
  const { status, stderr } = run(python)
  expect(stderr).toMatch(/Ran \d+ tests/)
  expect(status, stderr).toBe(0)
})

test.runIf(withMlflow)("the worker's own tests pass with real MLflow models", { timeout: 120_000 }, () => {
  const { status, stderr } = run(withMlflow ?? '')
  expect(stderr).not.toMatch(/skipped/)
  expect(status, stderr).toBe(0)
})

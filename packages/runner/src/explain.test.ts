import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pythonWith } from '@hagane/testkit'
import { expect, it } from 'vitest'

const tests = join(import.meta.dirname, '../../python/tests')

it('an MLflow model is explained by its own environment: features in order, rows, a page without injected markup', async () => {
  const python = await pythonWith(['mlflow==3.17.2', 'scikit-learn'])
  const argv = ['-W', 'ignore', '-m', 'unittest', 'test_explain']
  const { status, stderr } = spawnSync(python, argv, { cwd: tests, encoding: 'utf8' })
  expect(stderr).toMatch(/\nOK\n$/)
  expect(status).toBe(0)
}, 900_000)

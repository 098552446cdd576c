import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pythonWith } from '@hagane/testkit'
import { describe, expect, it } from 'vitest'

const tests = join(import.meta.dirname, '../../python/tests')

/** The driver of batch deployments is written in Python, and so are its tests. */
function unittest(python: string, ...more: string[]): { status: number | null; stderr: string } {
  return spawnSync(python, ['-W', 'ignore', '-m', 'unittest', ...more], { cwd: tests, encoding: 'utf8' })
}

describe('an invocation of a batch deployment', () => {
  it('scores with a script, also when it is killed again and again; plain Python is enough', () => {
    const { status, stderr } = unittest('python3', 'test_batch')
    expect(stderr).toMatch(/\nOK\n$/)
    expect(status).toBe(0)
  }, 300_000)

  it('scores with an MLflow model, row by row, and tells what the data looks like', async () => {
    const python = await pythonWith(['mlflow==3.17.2', 'scikit-learn'])
    const { status, stderr } = unittest(python, 'test_batch_model')
    expect(stderr).toMatch(/\nOK\n$/)
    expect(status).toBe(0)
  }, 900_000)
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pythonWith } from '@hagane/testkit'
import { describe, expect, it } from 'vitest'

const tests = join(import.meta.dirname, '../../python/tests')
const shims = join(import.meta.dirname, '../../python/shims')
const MINUTES = 60_000

function unittest(python: string, ...more: string[]): { status: number | null; stderr: string } {
  return spawnSync(python, ['-W', 'ignore', '-m', 'unittest', ...more], {
    cwd: tests,
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: shims },
  })
}

describe('the driver of parallel steps', () => {
  it('runs scripts over files, and ends what fails, hangs or is killed', { timeout: 10 * MINUTES }, () => {
    const { status, stderr } = unittest('python3', 'test_parallel.Files', 'test_parallel_failures.Failures')
    expect(stderr).toMatch(/Ran \d+ tests/)
    expect(status, stderr).toBe(0)
  })
  it('cuts tables with pandas', { timeout: 10 * MINUTES }, async () => {
    const python = await pythonWith(['pandas==3.1.1', 'pyarrow==25.0.1', 'pyyaml==6.0.4'])
    const { status, stderr } = unittest(python, 'test_parallel.Tables')
    expect(stderr).not.toMatch(/skipped/)
    expect(status, stderr).toBe(0)
  })
})

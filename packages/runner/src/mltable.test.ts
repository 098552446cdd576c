import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pythonWith } from '@hagane/testkit'
import { describe, expect, it } from 'vitest'

const tests = join(import.meta.dirname, '../../python/tests')
const shims = join(import.meta.dirname, '../../python/shims')
const MINUTES = 60_000

function unittest(python: string): { status: number | null; stderr: string } {
  return spawnSync(python, ['-W', 'ignore', '-m', 'unittest', 'discover', '-s', tests, '-p', 'test_mltable*.py'], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: shims },
  })
}

describe('the MLTable reader that jobs import', () => {
  it('finds files and reads its YAML with nothing but Python', () => {
    const { status, stderr } = unittest('python3')
    expect(stderr).toMatch(/Ran \d+ tests/)
    expect(status, stderr).toBe(0)
  })
  it('reads every case with pandas, and stands in for a package that is not there', {
    timeout: 10 * MINUTES,
  }, async () => {
    const { status, stderr } = unittest(await pythonWith(['pandas==3.1.1', 'pyarrow==25.0.1', 'pyyaml==6.0.4']))
    expect(stderr).not.toMatch(/skipped/)
    expect(status, stderr).toBe(0)
  })
})

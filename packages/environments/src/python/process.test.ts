import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { run, toolEnvironment, withoutCredentials } from './process.ts'

const env = { PATH: process.env.PATH }
/** Running, and not only waiting for its parent to notice its end. */
const alive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}

describe('running a program', () => {
  it('gives its exit code, output and last lines of errors, and tells each line', async () => {
    const lines: string[] = []
    const result = await run('sh', ['-c', 'echo out; echo err >&2; exit 3'], { env, onLine: line => lines.push(line) })
    expect(result).toEqual({ code: 3, stdout: 'out', stderr: 'err' })
    expect(lines.sort()).toEqual(['err', 'out'])
  })

  it('that is not there ends with 127 instead of throwing', async () => {
    expect((await run('/nowhere/program', [], { env })).code).toBe(127)
  })

  it('passes arguments as they are: no shell sees them', async () => {
    expect((await run('echo', ['$(id); `id`'], { env })).stdout).toBe('$(id); `id`')
  })

  it('ends its whole family when it is aborted', async () => {
    const stop = new AbortController()
    let child = 0
    const running = run('sh', ['-c', 'sleep 600 & echo $!; wait'], {
      env,
      signal: stop.signal,
      onLine: line => {
        child = Number(line)
        stop.abort(new Error('no longer wanted'))
      },
    })
    await expect(running).rejects.toThrow('no longer wanted')
    expect(child).toBeGreaterThan(0)
    await expect.poll(() => alive(child), { timeout: 60_000 }).toBe(false)
  })

  it('that takes too long is ended and said to', async () => {
    await expect(run('sleep', ['600'], { env, timeoutMs: 50 })).rejects.toMatchObject({ kind: 'timeout' })
  })

  it('is not started when it was aborted before', async () => {
    await expect(run('true', [], { env, signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
  })
})

describe('what a tool is told', () => {
  it('never holds credentials', () => {
    expect(withoutCredentials('from https://me:hunter2@host/simple and http://token@host')).toBe(
      'from https://***@host/simple and http://***@host',
    )
  })

  it('leaves out secrets of the server and whatever changes how Python works', () => {
    const told = toolEnvironment({
      PATH: '/bin',
      HOME: '/h',
      HAGANE_DATABASE: 'postgres://x',
      AWS_SECRET_ACCESS_KEY: 'x',
      PYTHONPATH: '/x',
      PYTHONDONTWRITEBYTECODE: '1',
      VIRTUAL_ENV: '/v',
      PIP_TARGET: '/t',
      PIP_INDEX_URL: 'https://i',
      UV_PYTHON: '3.8',
      UV_INDEX: 'https://j',
      https_proxy: 'p',
    })
    expect(told).toMatchObject({
      PATH: '/bin',
      HOME: '/h',
      PIP_INDEX_URL: 'https://i',
      UV_INDEX: 'https://j',
      https_proxy: 'p',
    })
    for (const name of [
      'HAGANE_DATABASE',
      'AWS_SECRET_ACCESS_KEY',
      'PYTHONPATH',
      'PYTHONDONTWRITEBYTECODE',
      'VIRTUAL_ENV',
      'PIP_TARGET',
      'UV_PYTHON',
    ])
      expect(told).not.toHaveProperty(name)
  })
})

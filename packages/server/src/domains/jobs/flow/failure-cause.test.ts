import { HaganeError } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { failureOfError, failureOfExit, failureOfLoss } from './failure-cause.ts'

const exited = (code: number | null, tail: string[] = [], ranOutOfMemory = false) =>
  failureOfExit({
    exit: { code, reason: code === null ? 'lost' : 'exited', startedAt: '', endedAt: '' },
    tail,
    ranOutOfMemory,
    folder: '/',
    plan: { environment: 'azureml:sk:1', environmentId: 'azureml:sk:1' },
  })

describe('the cause of a failed step', () => {
  it('is its exit code, or the signal by name', () => {
    expect(exited(3)).toEqual({ cause: 'exit_code', message: 'the command exited with code 3' })
    expect(exited(143)).toMatchObject({ cause: 'signal', signal: 'SIGTERM' })
    expect(exited(137)).toMatchObject({ cause: 'signal', signal: 'SIGKILL', message: /somebody killed it/ })
    expect(exited(null)).toMatchObject({ cause: 'lost' })
  })

  it('is a lack of memory when the kernel says so, or the command does', () => {
    expect(exited(137, [], true)).toMatchObject({ cause: 'out_of_memory', signal: 'SIGKILL' })
    expect(exited(null, [], true)).toMatchObject({ cause: 'out_of_memory' })
    expect(exited(1, ['Traceback', 'MemoryError'])).toMatchObject({ cause: 'out_of_memory' })
    // another process of the machine was ended
    expect(exited(2, [], true)).toMatchObject({ cause: 'exit_code' })
    expect(failureOfLoss('gone', true).cause).toBe('out_of_memory')
    expect(failureOfLoss('gone', false)).toEqual({ cause: 'lost', message: "the step's process was lost: gone" })
  })

  it('is a full disk, with the free bytes, when the command or the server met one', () => {
    expect(exited(1, ['OSError: [Errno 28] No space left on device'])).toMatchObject({
      cause: 'out_of_disk',
      message: /^the command exited with code 1: out of disk \(\d+ bytes are free for \/\)$/,
    })
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path: '/data/x' })
    const told = { cause: 'out_of_disk', message: /^out of disk at \/data\/x \(\d+ bytes are free for \/\)$/ }
    expect(failureOfError(full, '/')).toMatchObject(told)
    expect(failureOfError(new HaganeError('internal', 'not stored', { cause: full }), '/')).toMatchObject(told)
    expect(failureOfError(new Error('database or disk is full'), '/').cause).toBe('out_of_disk')
  })

  it.each([
    [127, '/bin/sh: 1: rg: not found', "'rg' was not found: neither the environment azureml:sk:1", 'install rg'],
    [127, 'bash: line 1: rg: command not found', "'rg' was not found", 'conda_file of a new version'],
    [127, "/usr/bin/env: 'julia': No such file or directory", "'julia' was not found", 'install julia'],
    [127, '/bin/sh: 1: ./go.sh: not found', "there is no program './go.sh'", 'relative to the folder of code'],
    [126, '/bin/sh: 1: ./go.sh: Permission denied', "'./go.sh' was found but cannot be run", 'chmod +x'],
    [
      1,
      "ModuleNotFoundError: No module named 'sklearn.svm'",
      "no module 'sklearn.svm'",
      'add scikit-learn to the conda',
    ],
  ])('is the program or package that lacks: %i %s', (code, words, message, hint) => {
    const failure = exited(code, ['Traceback', words])
    expect(failure.cause).toBe(code === 1 ? 'missing_package' : 'missing_program')
    expect(failure.message).toContain(`the command exited with code ${code}: `)
    expect(failure.message).toContain(message)
    expect(failure.hint).toContain(hint)
    expect(exited(code, ['done']).cause).toBe('exit_code')
  })

  it('is what the environment lacks', () => {
    const lacks = (property: string) =>
      failureOfError(new HaganeError('unavailable', 'no', { hint: 'do', details: [{ property, message: '' }] }), '/')
    expect(lacks('python')).toEqual({ cause: 'missing_interpreter', message: 'no (do)' })
    expect(lacks('package_index')).toEqual({ cause: 'package_index', message: 'no (do)' })
    expect(lacks('requirements')).toEqual({ message: 'no (do)' })
  })
})

import { describe, expect, it } from 'vitest'
import { chooseInterpreter } from './choose.ts'
import type { Interpreter } from './interpreters.ts'

const machine = (...versions: string[]): Interpreter[] =>
  versions.map(text => {
    const version = text.replace('*', '')
    return {
      version,
      preferred: text.endsWith('*'),
      executable: `/opt/${version}/bin/python`,
      prefix: `/opt/${version}`,
      platform: 'linux-x86_64',
      magic: '00',
    }
  })
const chosen = (wanted: string | undefined, versions: string[], resolution: 'compatible' | 'exact' = 'compatible') => {
  const { interpreter, deviations } = chooseInterpreter(wanted, machine(...versions), resolution)
  return [interpreter.version, deviations.length]
}

describe('the interpreter for a wanted Python', () => {
  it.each([
    ['3.10', ['3.9.18', '3.10.13', '3.10.2', '3.11.7*'], '3.10.13', 0],
    ['3.7.11', ['3.7.16', '3.7.11', '3.8.1'], '3.7.11', 0],
    ['3.7.11', ['3.7.16', '3.8.1'], '3.7.16', 1],
    ['3.8', ['3.6.15', '3.7.16', '3.11.7', '3.12.1'], '3.11.7', 1],
    ['3.8', ['3.6.15', '3.7.16'], '3.7.16', 1],
    ['3.14', ['3.12.1', '3.13.0'], '3.13.0', 1],
    ['<3.11,>=3.8', ['3.7.1', '3.10.2', '3.12.1'], '3.10.2', 0],
    ['<3.9,>=3.8', ['3.7.1', '3.10.2', '3.12.1'], '3.10.2', 1],
  ])(
    'is the same, else the nearest newer, else the nearest older: %s of %j',
    (wanted, versions, version, deviations) => {
      expect(chosen(wanted, versions)).toEqual([version, deviations])
    },
  )

  it('is what the user gets by typing python3 when none is wanted, unless that is too old', () => {
    expect(chosen(undefined, ['3.10.2*', '3.13.0'])).toEqual(['3.10.2', 0])
    expect(chosen(undefined, ['3.6.15*', '3.11.7', '3.12.1'])).toEqual(['3.12.1', 0])
  })

  it('is refused with the list of what there is when it must be exact', () => {
    expect(() => chosen('3.8', ['3.11.7*', '3.12.1'], 'exact')).toThrow(
      expect.objectContaining({ kind: 'unsupported', hint: expect.stringContaining('3.12.1, 3.11.7') }),
    )
    expect(() => chosen('3.8.1', ['3.8.18'], 'exact')).toThrow('3.8.1')
    expect(chosen('3.8', ['3.8.18'], 'exact')).toEqual(['3.8.18', 0])
  })

  it('is asked for by name when the machine has no Python at all', () => {
    expect(() => chosen('3.8', [])).toThrow(
      expect.objectContaining({ kind: 'unavailable', hint: expect.stringContaining('install') }),
    )
  })
})

import { HaganeError } from '@hagane/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packageName, parseRequirement, parseRequirements, requirementText } from './requirement.ts'

const canonical = (line: string): string => requirementText(parseRequirement(line, 'pip'))
const refusal = (line: string): HaganeError => {
  try {
    parseRequirement(line, 'pip')
  } catch (error) {
    if (error instanceof HaganeError) return error
    throw error
  }
  throw new Error(`'${line}' was not refused`)
}

describe('a requirement', () => {
  it.each([
    ['Flask == 1.0', 'flask==1.0'],
    ['scikit_learn>=1.2 , <2', 'scikit-learn<2,>=1.2'],
    ['inference-schema[Numpy.Support, pandas_support]', 'inference-schema[numpy-support,pandas-support]'],
    ['pillow (~=11.2.1)', 'pillow~=11.2.1'],
    ['ruamel.yaml', 'ruamel-yaml'],
    ['tomli>=1 ;  python_version < "3.11"', 'tomli>=1; python_version < "3.11"'],
    ['torch==2.1.0+cpu', 'torch==2.1.0+cpu'],
    ['pip<22.0', 'pip<22.0'],
    ['numpy==1.*', 'numpy==1.*'],
  ])('is read in the forms that pip takes: %s', (line, expected) => {
    expect(canonical(line)).toBe(expected)
  })

  it.each([
    ['-e .', 'editable'],
    ['-r other.txt', 'another file'],
    ['-c constraints.txt', 'another file'],
    ['--pre', 'pre-release'],
    ['--global-option=x', 'pip option'],
    ['./local', 'path'],
    ['../local', 'path'],
    ['/etc/passwd', 'path'],
    ['C:\\x\\y.whl', 'path'],
    ['~/x.whl', 'path'],
    ['x @ file:///etc/passwd', 'URL'],
    ['x @ https://example.org/x.whl', 'URL'],
    ['git+https://example.org/x.git', 'URL'],
    ['http://169.254.169.254/latest', 'URL'],
    ['six; import os', 'not a requirement'],
    ['six && rm -rf /', 'not a requirement'],
    ['six $(id)', 'not a requirement'],
    ['${SECRET}', 'not a requirement'],
    ['six==', 'not a requirement'],
    ['six=1', 'not a requirement'],
    ['==1', 'not a requirement'],
    ['a\0b', 'not a requirement'],
    ['six --hash=md5:abc', 'sha256'],
  ])('that reaches outside the index or is none is refused, saying why: %s', (line, why) => {
    const error = refusal(line)
    expect(error.kind).toBe('invalid')
    expect(error.message).toContain(why)
    expect(error.details?.[0]?.property).toBe('pip')
  })

  it('is never shown with the credentials that its URL holds', () => {
    expect(JSON.stringify(refusal('x @ https://me:hunter2@example.org/x.whl').toBody())).not.toContain('hunter2')
  })

  it('keeps its meaning when it is printed and read again', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}([-_.][a-z0-9]{1,5})?$/)
    const specifier = fc
      .tuple(fc.constantFrom('==', '>=', '<', '~=', '!='), fc.stringMatching(/^\d{1,3}\.\d{1,3}$/))
      .map(parts => parts.join(''))
    fc.assert(
      fc.property(name, fc.array(specifier, { maxLength: 3 }), (word, specifiers) => {
        const once = canonical(`${word} ${specifiers.join(' , ')}`)
        expect(canonical(once)).toBe(once)
        expect(once.startsWith(packageName(word))).toBe(true)
      }),
    )
  })

  it('of hostile length is refused quickly', () => {
    expect(refusal(`${'a-'.repeat(200_000)}!`).message).toContain('longer than')
  })
})

describe('a requirements.txt', () => {
  it('may hold comments, CRLF, continued lines and hashes', () => {
    const text = `# tools\r\nsix==1.17.0 \\\r\n    --hash=sha256:${'a'.repeat(64)} \\\r\n  --hash=sha256:${'B'.repeat(64)}\r\n\r\nnumpy # fast\r\n`
    const { requirements } = parseRequirements(text, 'pip')
    expect(requirements.map(requirementText)).toEqual(['six==1.17.0', 'numpy'])
    expect(requirements[0]?.hashes).toEqual(['a'.repeat(64), 'b'.repeat(64)])
  })

  it('that names an index is read without it, which is recorded without its address', () => {
    const { requirements, deviations } = parseRequirements(
      '--extra-index-url https://u:pw@host/simple\n-i https://host\n--find-links=/wheels\nsix',
      'pip',
    )
    expect(requirements.map(requirementText)).toEqual(['six'])
    expect(deviations).toHaveLength(3)
    expect(deviations.join()).not.toMatch(/host|pw|wheels/)
  })
})

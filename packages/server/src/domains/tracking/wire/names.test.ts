import { describe, expect, it } from 'vitest'
import { checkKey, checkLength, checkParam, checkRunId, checkTag, experimentNumber, truncate } from './names.ts'

describe('a key', () => {
  it.each(['a', 'train/loss', 'a.b-c_d e:f', 'mlflow.runName', '日本', 'a..b', '-x'])('may be %j', key => {
    expect(() => checkKey(key, 'name')).not.toThrow()
  })

  it.each([
    [
      '../a',
      `Invalid value "../a" for parameter 'name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '../a'`,
    ],
    ['a//b', "This name would resolve to 'a/b'"],
    ['a/', "This name would resolve to 'a'"],
    ['./a', "This name would resolve to 'a'"],
    ['/a', "This name would resolve to '/a'"],
    ['', "This name would resolve to '.'"],
    ['.', "This name would resolve to '.'"],
    ['a\nb', 'Names may only contain alphanumerics'],
    [
      'a*',
      `Invalid value "a*" for parameter 'name' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    ],
  ])('may not be %j', (key, message) => {
    expect(() => checkKey(key, 'name')).toThrow(message)
  })
})

describe('lengths', () => {
  it('cut long values of params and run tags and refuse long keys', () => {
    expect(checkParam({ key: 'p', value: 'x'.repeat(6001) }).value).toHaveLength(6000)
    expect(checkTag({ key: 't', value: 'x'.repeat(8001) }).value).toHaveLength(8000)
    expect(() => checkParam({ key: 'p'.repeat(251), value: '' })).toThrow(
      "'Param key' exceeds the maximum length of 250 characters",
    )
    expect(() => checkTag({ key: 'p'.repeat(251), value: '' }, 'tags[3]')).toThrow(
      "'tags[3].key' exceeds the maximum length of 250 characters",
    )
    expect(() => checkLength('name', 3, 'abcd')).toThrow("'name' exceeds the maximum length of 3 characters")
  })

  it('never cut through a character of two code units', () => {
    expect(truncate('a😀', 2)).toBe('a')
    expect(truncate('a😀', 3)).toBe('a😀')
  })
})

describe('ids', () => {
  it('of runs are hexadecimal or job names', () => {
    expect(() => checkRunId('a'.repeat(32))).not.toThrow()
    expect(() => checkRunId('brave_fox_1x')).not.toThrow()
    expect(() => checkRunId('../x')).toThrow(`Invalid value "../x" for parameter 'run_id' supplied.`)
  })

  it('of experiments are decimal', () => {
    expect(experimentNumber('12')).toBe(12)
    for (const bad of ['abc', '', '-1', '1.5', '99999999999999999'])
      expect(() => experimentNumber(bad)).toThrow(
        `Invalid experiment ID '${bad}'. Experiment ID must be a valid integer.`,
      )
  })
})

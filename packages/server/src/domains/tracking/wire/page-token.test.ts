import { describe, expect, it } from 'vitest'
import { decodePageToken, encodePageToken, pageOf } from './page-token.ts'

describe('a page token', () => {
  it('is the base64 of the offset, as MLflow makes it', () => {
    expect(encodePageToken(4)).toBe(Buffer.from('{"offset":4}').toString('base64'))
    expect(decodePageToken(Buffer.from('{"offset": 4}').toString('base64')).offset).toBe(4)
  })

  it('is absent on the last page', () => {
    expect(pageOf([1, 2, 3], 2, 4)).toEqual({ rows: [1, 2], token: encodePageToken(6) })
    expect(pageOf([1, 2], 2, 4)).toEqual({ rows: [1, 2], token: undefined })
  })

  it.each([
    'invalid_token',
    'a',
    '!!!!',
    Buffer.from('[]').toString('base64'),
    encodePageToken(0),
    encodePageToken(-3),
    Buffer.from('{"offset":"x"}').toString('base64'),
    Buffer.from('null').toString('base64'),
  ])('refuses %s', token => {
    expect(() => decodePageToken(token)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER_VALUE' }))
  })
})

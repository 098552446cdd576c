import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pickByTraffic } from './traffic.ts'

test('shares are met exactly over evenly spread draws', () => {
  const counts: Record<string, number> = {}
  for (let n = 0; n < 1000; n += 1) {
    const name = pickByTraffic({ blue: 90, green: 10, grey: 0 }, (n + 0.5) / 1000) as string
    counts[name] = (counts[name] ?? 0) + 1
  }
  expect(counts).toEqual({ blue: 900, green: 100 })
})

test('no traffic picks nobody', () => {
  expect(pickByTraffic({}, 0.5)).toBeUndefined()
  expect(pickByTraffic({ blue: 0 }, 0)).toBeUndefined()
})

test('whatever the draw, only a deployment with a share is picked', () => {
  const shares = fc.dictionary(fc.string({ minLength: 1 }), fc.nat(100))
  fc.assert(
    fc.property(shares, fc.double({ min: 0, max: 0.999999999, noNaN: true }), (traffic, draw) => {
      const name = pickByTraffic(traffic, draw)
      const someone = Object.values(traffic).some(share => share > 0)
      return name === undefined ? !someone : (traffic[name] ?? 0) > 0
    }),
  )
})

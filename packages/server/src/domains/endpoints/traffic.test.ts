import { trafficSchema } from '@hagane/contract'
import { expect, test } from 'vitest'
import { checkTraffic } from './traffic.ts'

test('shares add up to 100, or to 0', () => {
  for (const shares of [{ blue: 100 }, { blue: 90, green: 10 }, { blue: 0 }, {}])
    expect(trafficSchema.safeParse(shares).success).toBe(true)
  for (const shares of [{ blue: 99 }, { blue: 60, green: 60 }, { blue: -1 }, { blue: 50.5, green: 49.5 }])
    expect(trafficSchema.safeParse(shares).success).toBe(false)
})

test('a deployment that does not exist gets neither traffic nor copies, and the refusal says what there is', () => {
  expect(() => checkTraffic({ red: 100 }, {}, ['blue'])).toThrow("traffic: no deployment 'red' at this endpoint")
  expect(() => checkTraffic({}, { red: 10 }, ['blue'])).toThrow("mirror_traffic: no deployment 'red'")
  checkTraffic({ blue: 100 }, { green: 10 }, ['blue', 'green'])
})

test('a deployment takes live traffic or copies, not both', () => {
  expect(() => checkTraffic({ blue: 100 }, { blue: 10 }, ['blue'])).toThrow('live and mirrored')
  checkTraffic({ blue: 100, green: 0 }, { green: 10 }, ['blue', 'green'])
})

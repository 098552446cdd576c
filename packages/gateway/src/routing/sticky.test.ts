import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { stickyBy } from './sticky.ts'
import { pickByTraffic } from './traffic.ts'

const asked = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage
const none = Buffer.alloc(0)

test.each([
  ['header:X-User', (who: string) => [asked({ 'x-user': who }), none]],
  ['cookie:session', (who: string) => [asked({ cookie: `a=1; session=${who}; b=2` }), none]],
  ['body', (who: string) => [asked({}), Buffer.from(who)]],
] as const)('%s keeps a caller at one point, spread over the whole split', (sticky, request) => {
  const point = stickyBy({ name: 'flights', sticky })
  const points = Array.from({ length: 1000 }, (_, n) =>
    point?.(...(request(`caller ${n}`) as [IncomingMessage, Buffer])),
  )
  expect(points).toEqual(
    Array.from({ length: 1000 }, (_, n) => point?.(...(request(`caller ${n}`) as [IncomingMessage, Buffer]))),
  )
  const green = points.filter(at => pickByTraffic({ blue: 90, green: 10 }, at ?? 0) === 'green').length
  expect(green).toBeGreaterThan(60)
  expect(green).toBeLessThan(150)
})

test('a share that grows takes callers over and gives none away', () => {
  const point = stickyBy({ name: 'flights', sticky: 'header:x-user' })
  for (let n = 0; n < 500; n += 1) {
    const at = point?.(asked({ 'x-user': `${n}` }), none) ?? 0
    const before = pickByTraffic({ blue: 90, green: 10 }, at)
    if (before === 'green') expect(pickByTraffic({ blue: 70, green: 30 }, at)).toBe('green')
  }
})

test('who sends nothing to hold on to is drawn, and an endpoint that is not sticky draws everyone', () => {
  expect(stickyBy({ name: 'flights', sticky: 'header:x-user' })?.(asked({}), none)).toBeUndefined()
  expect(
    stickyBy({ name: 'flights', sticky: 'cookie:session' })?.(asked({ cookie: 'xsession=1' }), none),
  ).toBeUndefined()
  expect(stickyBy({ name: 'flights', sticky: undefined })).toBeUndefined()
})

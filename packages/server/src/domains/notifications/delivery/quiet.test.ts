import type { QuietHours } from '@hagane/contract'
import { expect, it } from 'vitest'
import { isQuiet } from './quiet.ts'

const night: QuietHours = { time_zone: 'Asia/Tokyo', from: '22:00', to: '07:00', except_severity: 'critical' }

it.each([
  // 2026-11-27 is a Friday
  [night, '2026-11-27T12:59:00Z', false],
  [night, '2026-11-27T13:00:00Z', true],
  [night, '2026-11-27T21:59:00Z', true],
  [night, '2026-11-27T22:00:00Z', false],
  [{ ...night, days: ['friday'] }, '2026-11-27T13:00:00Z', true],
  [{ ...night, days: ['friday'] }, '2026-11-27T20:00:00Z', true],
  [{ ...night, days: ['friday'] }, '2026-11-28T13:00:00Z', false],
  [{ ...night, days: ['saturday'] }, '2026-11-27T20:00:00Z', false],
  [{ ...night, time_zone: 'Tokyo Standard Time', from: '12:00', to: '13:00' }, '2026-11-27T03:30:00Z', true],
  [
    { ...night, time_zone: 'Europe/Berlin', from: '23:00', to: '06:00', days: ['saturday'] },
    '2026-03-29T03:30:00Z',
    true,
  ],
] as [QuietHours, string, boolean][])('%j at %s: %s', (quiet, at, expected) => {
  expect(isQuiet(quiet, new Date(at))).toBe(expected)
})

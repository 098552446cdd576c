import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runHere } from '../run-here.ts'

const root = mkdtempSync(join(tmpdir(), 'hagane-importances-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The same numbers in [0, 1) every time (a linear congruential generator, Numerical Recipes). */
function numbers(): () => number {
  let state = 7
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}

async function of(name: string, row: (next: () => number, i: number) => unknown[], header: string[], target: string) {
  const next = numbers()
  const lines = Array.from({ length: 2000 }, (_, i) => row(next, i).join(','))
  writeFileSync(join(root, name), [header.join(','), ...lines].join('\n'))
  const source = { name, path: join(root, name), root }
  return (await runHere({ kind: 'importances', source, target })).importances
}

describe('importance of features', () => {
  it('follows what a number was made of, and gives noise next to nothing', async () => {
    const importances = await of(
      'number.csv',
      next => {
        const [a, b, noise] = [next(), next(), next()]
        return [a, b, noise, 3 * a + b]
      },
      ['a', 'b', 'noise', 'y'],
      'y',
    )
    expect(importances.a).toBeGreaterThan(0.7)
    expect(importances.b).toBeGreaterThan(0.05)
    expect(importances.noise).toBeLessThan(0.02)
    expect(Object.values(importances).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1)
  })

  it('sees categories, interactions of classes, and gaps', async () => {
    const importances = await of(
      'class.csv',
      next => {
        const city = ['tokyo', 'osaka', 'nara', 'kobe'][Math.floor(next() * 4)]
        const wet = next() < 0.5
        const gap = next() < 0.3 ? '' : next()
        return [city, wet, gap, (city === 'osaka') === wet ? 'late' : 'on time']
      },
      ['city', 'wet', 'gap', 'state'],
      'state',
    )
    expect(importances.city).toBeGreaterThan(0.2)
    expect(importances.wet).toBeGreaterThan(0.2)
    expect(importances.gap).toBeLessThan(0.05)
  })

  it('is nothing where nothing can be told, and says which column is missing', async () => {
    expect(await of('constant.csv', next => [next(), 1], ['a', 'y'], 'y')).toEqual({ a: 0 })
    await expect(of('constant.csv', next => [next(), 1], ['a', 'y'], 'z')).rejects.toMatchObject({
      kind: 'invalid',
      details: [{ sent: 'z', allowed: ['a', 'y'] }],
    })
  })
})

import { expect, it } from 'vitest'
import { grouped } from './grouped.ts'

function acts() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const act = () => new Promise<void>((resolve, reject) => void ends.push({ resolve, reject }))
  return { act, ends }
}
const turn = () => new Promise(resolve => setImmediate(resolve))

it('lets all who ask during a run share the next one', async () => {
  const { act, ends } = acts()
  const ask = grouped(act)
  const order: string[] = []
  const asked = ['first', 'second', 'third'].map(name => ask().then(() => order.push(name)))
  expect(ends).toHaveLength(1)
  ends[0]?.resolve()
  await turn()
  expect(order).toEqual(['first'])
  expect(ends).toHaveLength(2)
  const late = ask().then(() => order.push('late'))
  ends[1]?.resolve()
  await turn()
  expect(order).toEqual(['first', 'second', 'third'])
  ends[2]?.resolve()
  await Promise.all([...asked, late])
  expect(ends).toHaveLength(3)
})

it('never runs two at a time, however soon after a run somebody asks', async () => {
  for (let delay = 0; delay < 10; delay++) {
    let [active, most] = [0, 0]
    const { act, ends } = acts()
    const ask = grouped(async () => {
      most = Math.max(most, ++active)
      await act().finally(() => active--)
    })
    const asked = [ask(), ask()]
    ends[0]?.resolve()
    for (let i = 0; i < delay; i++) await Promise.resolve()
    asked.push(ask())
    for (let ended = 1; ended < 4; ended++) {
      await turn()
      ends[ended]?.resolve()
    }
    await Promise.all(asked)
    expect(most, `${delay} turns after the run`).toBe(1)
  }
})

it('tells a failure to those whose run failed, and to nobody else', async () => {
  const { act, ends } = acts()
  const ask = grouped(act)
  const [first, second] = [ask(), ask()]
  const failed = expect(first).rejects.toThrow('disk gone')
  ends[0]?.reject(new Error('disk gone'))
  await failed
  ends[1]?.resolve()
  await second
})

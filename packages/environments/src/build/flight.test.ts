import { describe, expect, it } from 'vitest'
import { type Listener, shareWork } from './flight.ts'

/** Work that ends when told to, and says how often it was begun. */
function work() {
  const begun: { done: (value: string) => void; fail: (error: Error) => void; say: Listener; signal: AbortSignal }[] =
    []
  const start = (say: Listener, signal: AbortSignal) =>
    new Promise<string>((done, fail) => {
      begun.push({ done, fail, say, signal })
      signal.addEventListener('abort', () => fail(signal.reason))
    })
  return { begun, start }
}
const tick = () => new Promise(setImmediate)

describe('shared work', () => {
  it('is done once for all who ask meanwhile, and again afterwards', async () => {
    const { join: share } = shareWork<string>()
    const { begun, start } = work()
    const both = [share('a', start), share('a', start)]
    const other = share('b', start)
    await tick()
    expect(begun).toHaveLength(2)
    begun[0]?.done('one')
    begun[1]?.done('two')
    expect(await Promise.all([...both, other])).toEqual(['one', 'one', 'two'])
    const again = share('a', start)
    await tick()
    begun[2]?.done('three')
    expect(await again).toBe('three')
  })

  it('tells its lines to all who wait', async () => {
    const { join: share } = shareWork<string>()
    const { begun, start } = work()
    const heard: string[] = []
    const all = [share('a', start, line => heard.push(`1 ${line}`)), share('a', start, line => heard.push(`2 ${line}`))]
    await tick()
    begun[0]?.say('hello')
    begun[0]?.done('')
    await Promise.all(all)
    expect(heard).toEqual(['1 hello', '2 hello'])
  })

  it('goes on while anybody waits, and is aborted with the last one', async () => {
    const { join: share } = shareWork<string>()
    const { begun, start } = work()
    const [first, second] = [new AbortController(), new AbortController()]
    const one = share('a', start, undefined, first.signal)
    const two = share('a', start, undefined, second.signal)
    await tick()
    first.abort(new Error('first left'))
    await expect(one).rejects.toThrow('first left')
    expect(begun[0]?.signal.aborted).toBe(false)
    second.abort(new Error('second left'))
    await expect(two).rejects.toThrow('second left')
    expect(begun[0]?.signal.aborted).toBe(true)
  })

  it('that was aborted is begun afresh for the next', async () => {
    const { join: share } = shareWork<string>()
    const { begun, start } = work()
    const gone = new AbortController()
    const one = share('a', start, undefined, gone.signal)
    await tick()
    gone.abort(new Error('left'))
    await expect(one).rejects.toThrow('left')
    const next = share('a', start)
    await tick()
    begun[1]?.done('fresh')
    expect(await next).toBe('fresh')
  })

  it('has ended, with its cleaning up, when stop resolves', async () => {
    const { join: share, stop } = shareWork<string>()
    let cleaned = false
    const waiting = share('a', async (_say, signal) => {
      await new Promise(done => signal.addEventListener('abort', done))
      await tick()
      cleaned = true
      throw signal.reason
    })
    const refused = expect(waiting).rejects.toThrow('stopping')
    await tick()
    await stop(new Error('stopping'))
    expect(cleaned).toBe(true)
    await refused
  })

  it('that fails fails for all who wait', async () => {
    const { join: share } = shareWork<string>()
    const { begun, start } = work()
    const all = [share('a', start), share('a', start)]
    await tick()
    begun[0]?.fail(new Error('broken'))
    for (const result of await Promise.allSettled(all)) expect(result).toMatchObject({ reason: { message: 'broken' } })
  })
})

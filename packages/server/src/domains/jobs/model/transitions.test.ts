import { type JobStatus, jobStatuses, terminalStatuses } from '@hagane/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, type JobEvent, move, type NodeState } from './transitions.ts'

const events: JobEvent[] = [
  'queue',
  'prepare',
  'start',
  'run',
  'finalize',
  'complete',
  'fail',
  'request-cancel',
  'cancel',
]

describe('the life of a job', () => {
  it('goes through every status of Azure ML in order', () => {
    const path: [JobEvent, JobStatus][] = [
      ['queue', 'Queued'],
      ['prepare', 'Preparing'],
      ['start', 'Starting'],
      ['run', 'Running'],
      ['finalize', 'Finalizing'],
      ['complete', 'Completed'],
    ]
    let status: JobStatus = 'NotStarted'
    for (const [event, expected] of path) {
      const result = move(status, event)
      expect(result).toEqual({ to: expected })
      status = expected
    }
  })
  it.each(terminalStatuses)('never leaves %s', status => {
    for (const event of events) expect(move(status, event)).toHaveProperty('refused')
  })
  it('can be failed or cancelled from every status that is not an end', () => {
    for (const status of jobStatuses.filter(s => !terminalStatuses.includes(s)))
      expect([move(status, 'fail'), move(status, 'cancel')]).toEqual([{ to: 'Failed' }, { to: 'Canceled' }])
  })
  it('ends at once when cancelled before anything was prepared, and by request afterwards', () => {
    expect(move('Queued', 'request-cancel')).toEqual({ to: 'Canceled' })
    expect(move('Running', 'request-cancel')).toEqual({ to: 'CancelRequested' })
  })
  it('says in words what cannot be', () => {
    expect(move('Completed', 'request-cancel')).toEqual({ refused: 'a job that is Completed cannot request cancel' })
  })
})

const node = (status: JobStatus, ...after: string[]): NodeState => ({ status, after })
const stop = { continueOnStepFailure: false, cancelRequested: false }
const goOn = { ...stop, continueOnStepFailure: true }

describe('what a pipeline does next', () => {
  it('starts the nodes whose sources are complete, and only those', () => {
    expect(
      advance(
        { a: node('Completed'), b: node('NotStarted', 'a'), c: node('NotStarted', 'a', 'b'), d: node('NotStarted') },
        stop,
      ),
    ).toEqual({ start: ['b', 'd'], cancel: [] })
  })
  it('cancels everything that has not ended when a node fails', () => {
    expect(
      advance({ a: node('Failed'), b: node('Running'), c: node('NotStarted'), d: node('Completed') }, stop),
    ).toEqual({ start: [], cancel: ['b', 'c'] })
  })
  it('with continue_on_step_failure cancels only what depends on the failed node, however far', () => {
    const nodes = { a: node('Failed'), b: node('NotStarted', 'a'), c: node('NotStarted', 'b'), d: node('NotStarted') }
    expect(advance(nodes, goOn)).toEqual({ start: ['d'], cancel: ['b', 'c'] })
  })
  it('waits for a node that is collecting its outputs or being stopped', () => {
    expect(advance({ a: node('Failed'), b: node('Finalizing'), c: node('CancelRequested') }, stop)).toEqual({
      start: [],
      cancel: [],
    })
  })
  it.each<[JobStatus[], string]>([
    [['Completed', 'Completed'], 'complete'],
    [['Completed', 'Failed'], 'fail'],
    [['Canceled', 'Completed'], 'cancel'],
  ])('ends %j as %s', (statuses, finish) => {
    expect(advance(Object.fromEntries(statuses.map((status, i) => [`n${i}`, node(status)])), goOn).finish).toBe(finish)
  })
  it('always comes to an end: following its decisions ends every acyclic pipeline, whatever fails', () => {
    const pipelines = fc.array(fc.record({ after: fc.array(fc.nat(), { maxLength: 3 }), fails: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(pipelines, fc.boolean(), (shape, continueOnStepFailure) => {
        const nodes: Record<string, NodeState> = Object.fromEntries(
          shape.map(({ after }, i) => [`n${i}`, node('NotStarted', ...(i === 0 ? [] : after.map(n => `n${n % i}`)))]),
        )
        for (let round = 0; round < 3 * shape.length + 3; round++) {
          const next = advance(nodes, { continueOnStepFailure, cancelRequested: false })
          if (next.finish !== undefined) return
          for (const key of next.cancel) nodes[key] = { ...(nodes[key] as NodeState), status: 'Canceled' }
          for (const key of next.start)
            nodes[key] = {
              ...(nodes[key] as NodeState),
              status: shape[Number(key.slice(1))]?.fails ? 'Failed' : 'Completed',
            }
        }
        throw new Error('it never ended')
      }),
    )
  })
  it('decides for a chain of 20,000 steps without running out of stack', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i) => [
        `n${i}`,
        node(i === 0 ? 'Failed' : 'NotStarted', ...(i === 0 ? [] : [`n${i - 1}`])),
      ]),
    )
    expect(advance(nodes, goOn).cancel.length).toBe(19_999)
  })
})

describe('conditions', () => {
  const guarded = (guard: NonNullable<NodeState['guard']>, status: JobStatus, ...after: string[]): NodeState => ({
    ...node(status, ...after),
    guard,
  })
  it('hold a node back until they are known, then run it or skip it with what needs it', () => {
    const nodes = (guard: NonNullable<NodeState['guard']>) => ({
      a: guarded(guard, 'NotStarted'),
      b: node('NotStarted', 'a'),
    })
    expect(advance(nodes('wait'), stop)).toEqual({ start: [], cancel: [] })
    expect(advance(nodes('run'), stop)).toEqual({ start: ['a'], cancel: [] })
    expect(advance(nodes('skip'), stop)).toEqual({ start: [], cancel: [], skip: ['a', 'b'] })
  })
  it('do not fail the pipeline by what they skip, whether others go on or not', () => {
    const nodes = { a: guarded('skip', 'Canceled'), b: node('Canceled', 'a'), c: node('Completed') }
    for (const options of [stop, goOn]) expect(advance(nodes, options)).toMatchObject({ finish: 'complete' })
    expect(advance({ ...nodes, c: node('Failed') }, stop)).toMatchObject({ finish: 'fail' })
    expect(advance({ ...nodes, c: node('NotStarted') }, stop)).toEqual({ start: ['c'], cancel: [] })
  })
  it('skip nothing any more once the pipeline is stopped: what is left is cancelled', () => {
    const nodes = { a: guarded('skip', 'NotStarted'), b: node('Failed') }
    expect(advance(nodes, stop)).toEqual({ start: [], cancel: ['a'] })
  })
})

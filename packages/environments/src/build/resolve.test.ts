import { describe, expect, it } from 'vitest'
import type { Definition } from '../definition/definition.ts'
import { resolveDefinition } from './resolve.ts'
import type { Answer, Question, Resolver } from './resolver.ts'

const definition = (requirements: string[], resolution: Definition['resolution'] = 'compatible'): Definition => ({
  requirements: requirements.toSorted(),
  resolution,
})
const yes = (...pins: string[]): Answer => ({
  ok: true,
  entries: pins.map(pin => ({ name: pin.split('==')[0] ?? '', version: pin.split('==')[1] ?? '', hashes: [] })),
})
const noWheel = (name: string): Answer => ({
  ok: false,
  reason: `error: No solution found\n  cause: Because ${name} has no usable wheels and you require ${name}\n\nhint: Wheels are required for \`${name}\` because building from source is disabled`,
})

/** Answers by the first rule that fits, and keeps the questions. */
function resolver(...rules: [(question: Question) => boolean, Answer][]) {
  const asked: Question[] = []
  const ask: Resolver = async question => {
    asked.push(question)
    return rules.find(([fits]) => fits(question))?.[1] ?? { ok: false, reason: 'error: no rule' }
  }
  return { asked, ask }
}
const here = { name: 'here', asWanted: false }
const has = (line: string) => (question: Question) => question.requirements.includes(line)
const alone = (line: string) => (question: Question) => question.alone === true && question.requirements[0] === line

describe('resolving a definition', () => {
  it('adds what conda puts into every environment, unless it is named', async () => {
    const { ask, asked } = resolver([() => true, yes('six==1.17.0')])
    await resolveDefinition(definition(['six', 'setuptools==65']), here, ask)
    expect(asked[0]?.requirements).toEqual(['setuptools==65', 'six', 'pip', 'wheel'])
  })

  it('asks nobody about plain Python', async () => {
    const { ask, asked } = resolver()
    expect(await resolveDefinition(definition([]), here, ask)).toEqual({
      entries: [],
      fromSource: [],
      deviations: [],
    })
    expect(asked).toEqual([])
  })

  it('takes the nearest version with a wheel where a pin has wheels for other Pythons only, and says so', async () => {
    const { ask } = resolver(
      [question => question.forPython === '3.9' && has('old==1.0')(question), yes('old==1.0')],
      [question => question.forPython !== undefined, noWheel('old')],
      [alone('old>=1.0'), yes('old==1.4')],
      [alone('kept==3'), yes('kept==3')],
      [has('old==1.0'), noWheel('old')],
      [has('old==1.4'), yes('old==1.4', 'kept==3')],
    )
    const { deviations, fromSource } = await resolveDefinition(
      definition(['old==1.0', 'kept==3']),
      { name: 'python 3.12.1 on linux', asWanted: false },
      ask,
    )
    expect(deviations).toEqual(['old==1.0 has no wheel for python 3.12.1 on linux: 1.4 was taken'])
    expect(fromSource).toEqual([])
  })

  it('goes down when there is no newer version with a wheel', async () => {
    const { ask } = resolver(
      [question => question.forPython === '3.8', yes('old==2.0')],
      [alone('old>=2.0'), noWheel('old')],
      [alone('old<=2.0'), yes('old==1.9')],
      [has('old==2.0'), noWheel('old')],
      [has('old==1.9'), yes('old==1.9')],
    )
    expect((await resolveDefinition(definition(['old==2.0']), here, ask)).deviations).toEqual([
      'old==2.0 has no wheel for here: 1.9 was taken',
    ])
  })

  it('lets bounds go when the nearest versions do not fit each other', async () => {
    const conflict: Answer = {
      ok: false,
      reason: 'Because a==2 depends on b>=5 and you require a==2 and b==3, your requirements are unsatisfiable.',
    }
    const { ask } = resolver(
      [question => question.forPython !== undefined, yes('x==1')],
      [alone('a>=1'), yes('a==2')],
      [alone('b>=1'), yes('b==3')],
      [question => has('a==1')(question), noWheel('a')],
      [question => has('b==1')(question), noWheel('b')],
      [question => has('a==2')(question) && has('b==3')(question), conflict],
      [question => has('a>=2')(question) && has('b>=3')(question), yes('a==2', 'b==5')],
    )
    expect((await resolveDefinition(definition(['a==1', 'b==1']), here, ask)).deviations).toEqual([
      'a==1 has no wheel for here: 2 was taken',
      'b==1 has no wheel for here: 5 was taken',
    ])
  })

  it('lets a pin go that contradicts what had to be taken for another, and says that', async () => {
    const conflict: Answer = {
      ok: false,
      reason: 'Because a>=2 depends on pin>=5 and you require a>=2 and pin==3, your requirements are unsatisfiable.',
    }
    const { ask } = resolver(
      [question => question.forPython !== undefined, yes('x==1')],
      [alone('a>=1'), yes('a==2')],
      [alone('pin==3'), yes('pin==3')],
      [has('a==1'), noWheel('a')],
      [has('pin==3'), conflict],
      [question => has('a>=2')(question) && has('pin>=3')(question), yes('a==2', 'pin==5')],
    )
    const { deviations } = await resolveDefinition(definition(['a==1', 'pin==3']), here, ask)
    expect(deviations).toEqual([
      'a==1 has no wheel for here: 2 was taken',
      'pin==3 does not fit what was taken for here: 5 was taken',
    ])
  })

  it('leaves a contradiction of the author’s own as it is', async () => {
    const { ask } = resolver([
      () => true,
      {
        ok: false,
        reason: 'Because a==2 depends on b>=5 and you require a==2 and b==3, your requirements are unsatisfiable.',
      },
    ])
    await expect(resolveDefinition(definition(['a==2', 'b==3']), here, ask)).rejects.toMatchObject({
      kind: 'invalid',
      details: [{ sent: 'a==2' }, { sent: 'b==3' }, { property: 'resolver' }],
    })
  })

  it('gives up a source that does not build for the nearest version with a wheel', async () => {
    const { ask } = resolver(
      [question => question.forPython !== undefined, noWheel('old')],
      [alone('old>=1.0'), yes('old==1.1')],
      [question => question.alone === true, noWheel('old')],
      [
        question => question.fromSource?.has('old') === true,
        { ok: false, reason: 'error: Failed to build `old==1.0`\n  cause: The build backend returned an error' },
      ],
      [has('old==1.1'), yes('old==1.1')],
      [has('old==1.0'), noWheel('old')],
    )
    expect(await resolveDefinition(definition(['old==1.0']), here, ask)).toMatchObject({
      fromSource: [],
      deviations: ['old==1.0 has no wheel for here: 1.1 was taken'],
    })
  })

  it('does not build what others need in an old version, unless the Python is the wanted one', async () => {
    const rules = (): [(question: Question) => boolean, Answer][] => [
      [alone('numbers'), yes('numbers==9')],
      [alone('numbers==2'), noWheel('numbers')],
      [question => question.alone === true, yes('tool==1')],
      [question => question.fromSource?.has('numbers') === true, yes('tool==1', 'numbers==2')],
      [() => true, noWheel('numbers')],
    ]
    const wants = { ...definition(['tool==1']), python: '3.8' }
    await expect(resolveDefinition(wants, here, resolver(...rules()).ask)).rejects.toMatchObject({
      hint: expect.stringContaining('install python 3.8'),
    })
    await expect(
      resolveDefinition(wants, { name: 'here', asWanted: true }, resolver(...rules()).ask),
    ).resolves.toMatchObject({ fromSource: ['numbers'] })
  })

  it('builds a package that has no wheel at all from source, and lets nothing else be built', async () => {
    const { ask, asked } = resolver(
      [question => question.forPython !== undefined, noWheel('pure')],
      [question => question.fromSource?.has('pure') === true, yes('pure==1', 'six==1')],
      [question => question.alone !== true || has('pure==1')(question), noWheel('pure')],
    )
    expect(await resolveDefinition(definition(['pure==1', 'six']), here, ask)).toMatchObject({
      fromSource: ['pure'],
      deviations: [],
    })
    const whole = asked.filter(({ alone }) => alone !== true)
    expect([...(whole.at(-1)?.fromSource ?? [])]).toEqual(['pure'])
  })

  it('takes the wheel all the same when the version that is settled on has one', async () => {
    const wheel = { name: 'arrow', version: '17', hashes: ['of-the-wheel'] }
    const { ask } = resolver(
      [alone('arrow==17'), { ok: true, entries: [wheel] }],
      [alone('arrow'), noWheel('arrow')],
      [question => question.fromSource?.has('arrow') === true, yes('tool==1', 'arrow==17')],
      [() => true, noWheel('arrow')],
    )
    const { entries, fromSource } = await resolveDefinition(definition(['tool']), here, ask)
    expect(fromSource).toEqual([])
    expect(entries).toContainEqual(wheel)
  })

  it('keeps pins as they are when they must be exact, and builds from source', async () => {
    const { ask } = resolver(
      [question => question.fromSource?.has('old') === true, yes('old==1.0')],
      [() => true, noWheel('old')],
    )
    expect(await resolveDefinition(definition(['old==1.0'], 'exact'), here, ask)).toMatchObject({
      fromSource: ['old'],
      deviations: [],
    })
  })

  it('takes a numpy that old packages were built for, and says so', async () => {
    const old = ['pandas==1.5.0', 'six==1']
    const { ask } = resolver([has('numpy<2'), yes(...old, 'numpy==1.26.4')], [() => true, yes(...old, 'numpy==2.4.6')])
    const resolved = await resolveDefinition(definition(['pandas==1.5.0', 'six']), here, ask)
    expect(resolved.entries.find(({ name }) => name === 'numpy')?.version).toBe('1.26.4')
    expect(resolved.deviations).toEqual(['numpy 1.26.4 was taken: pandas 1.5.0 was built for numpy 1'])
  })

  it.each([
    ['new packages', ['pandas==2.2.2', 'numpy==2.4.6'], 'compatible'],
    ['an old numpy', ['pandas==1.5.0', 'numpy==1.26.4'], 'compatible'],
    ['exact resolution', ['pandas==1.5.0', 'numpy==2.4.6'], 'exact'],
  ] as const)('leaves %s as they were resolved', async (_what, pins, resolution) => {
    const { ask, asked } = resolver([() => true, yes(...pins)])
    const resolved = await resolveDefinition(definition(['pandas'], resolution), here, ask)
    expect(resolved.entries.map(({ name, version }) => `${name}==${version}`)).toEqual(pins)
    expect(asked).toHaveLength(1)
  })

  it('keeps numpy 2 where something asks for it', async () => {
    const { ask } = resolver([has('numpy<2'), noWheel('numpy')], [() => true, yes('pandas==1.5.0', 'numpy==2.4.6')])
    expect((await resolveDefinition(definition(['pandas']), here, ask)).deviations).toEqual([])
  })

  it('allows a newer setuptools when a package needs one', async () => {
    const { ask } = resolver(
      [has('setuptools'), yes('six==1')],
      [() => true, { ok: false, reason: 'Because six depends on setuptools>=90 and you require setuptools<82' }],
    )
    await expect(resolveDefinition(definition(['six']), here, ask)).resolves.toMatchObject({ deviations: [] })
  })

  it('refuses what cannot be, naming the requirement and showing the last lines of the resolver', async () => {
    const reason =
      'error: No solution found when resolving dependencies\n  cause: Because sixx was not found in the package registry and you require sixx, we can conclude\n         that your requirements are unsatisfiable.\n\nhint: did you mean six?'
    const { ask } = resolver([() => true, { ok: false, reason }])
    await expect(resolveDefinition(definition(['sixx', 'six']), here, ask)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/Because sixx was not found .* unsatisfiable\.$/),
      details: [
        { property: 'requirements', sent: 'sixx' },
        { property: 'resolver', message: reason },
      ],
    })
  })

  it('ends although the resolver never agrees', async () => {
    const { ask, asked } = resolver(
      [question => question.alone === true, yes('a==2', 'b==2')],
      [() => true, noWheel('a')],
    )
    await expect(resolveDefinition(definition(['a==1', 'b==1']), here, ask)).rejects.toMatchObject({
      kind: 'invalid',
    })
    expect(asked.length).toBeLessThan(20)
  })
})

import { describe, expect, it } from 'vitest'
import { type Noun, verb } from '../invocation.ts'
import { count, list, requiredText, text, toggle } from './flags.ts'
import { parse } from './parse.ts'

const noun: Noun = {
  name: 'thing',
  summary: 'Manage things',
  verbs: [
    verb({
      name: 'create',
      summary: 'Create a thing',
      examples: ['hagane thing create -f thing.yml'],
      flags: {
        file: requiredText('-f, --file <path>', 'specification'),
        set: list('--set <assignments...>', 'changes'),
        lines: count('-l, --lines <n>', 'how many'),
        local: toggle('--local [bool]', 'local'),
        stream: toggle('-s, --stream', 'stream'),
        noWait: toggle('--no-wait', 'do not wait'),
        kind: text('--kind <kind>', 'kind', { choices: ['a', 'b'] }),
      },
      run: async () => undefined,
    }),
    verb({ name: 'token list', summary: 'List', examples: ['x'], flags: {}, run: async () => undefined }),
    verb({ name: 'token create', summary: 'Create', examples: ['x'], flags: {}, run: async () => undefined }),
  ],
}

const optionsOf = (...argv: string[]) => {
  const parsed = parse(noun, argv)
  if (parsed.kind === 'help') throw new Error('help was asked for')
  return parsed.options
}

describe('parsing', () => {
  it('reads flags in every spelling that az takes', () => {
    expect(optionsOf('create', '-f', 'a.yml', '-s')).toMatchObject({ file: 'a.yml', stream: true })
    expect(optionsOf('create', '--file=a.yml')).toMatchObject({ file: 'a.yml', stream: false })
    expect(optionsOf('create', '--f', 'a.yml')).toMatchObject({ file: 'a.yml' })
  })

  it('adds up several --set, each with several words', () => {
    expect(optionsOf('create', '--set', 'a=1', 'b=2', '-f', 'x', '--set', 'c=3').set).toEqual(['a=1', 'b=2', 'c=3'])
    expect(optionsOf('create', '-f', 'x').set).toEqual([])
  })

  it.each([
    [['--local'], true],
    [['--local', 'true'], true],
    [['--local', 'False'], false],
    [[], false],
  ])('reads the three-state flag %j', (words, expected) => {
    expect(optionsOf('create', '-f', 'x', ...words).local).toBe(expected)
  })

  it('reads --no-wait as a flag of its own, off unless given', () => {
    expect(optionsOf('create', '-f', 'x').noWait).toBe(false)
    expect(optionsOf('create', '-f', 'x', '--no-wait').noWait).toBe(true)
  })

  it('finds verbs of two words', () => {
    expect(parse(noun, ['token', 'list'])).toMatchObject({ kind: 'run', verb: { name: 'token list' } })
  })

  it.each([
    [['create'], 'hagane thing create needs -f/--file <path>', 'see hagane thing create --help'],
    [['create', '--fiel', 'x'], "unknown option '--fiel'", 'did you mean --file?'],
    [['create', '-f', 'x', '--l', '3'], "'--l' is ambiguous", 'write --lines or --local'],
    [['create', '-f', 'x', '--lines', '-3'], "--lines takes a whole number from 0 up, not '-3'", undefined],
    [['create', '-f', 'x', '--lines', 'many'], "--lines takes a whole number from 0 up, not 'many'", undefined],
    [['create', '-f', 'x', '--local', 'maybe'], "--local takes true or false, not 'maybe'", undefined],
    [['create', '-f', 'x', 'extra'], 'too many arguments', undefined],
    [['craete'], "thing has no verb 'craete'", 'did you mean create?'],
    [['zzz'], "thing has no verb 'zzz'", 'its verbs: create, token list, token create'],
    [['token'], "'thing token' needs one more word", undefined],
    [['token', 'lst'], "thing has no verb 'token lst'", 'did you mean token list?'],
    [['-f', 'x'], 'thing needs a verb before -f', undefined],
  ])('refuses %j and says what would be right', (argv, message, hint) => {
    const refusal = () => parse(noun, argv)
    expect(refusal).toThrow(message)
    if (hint !== undefined) expect(refusal).toThrow(expect.objectContaining({ name: 'UsageError', hint }))
  })

  it('refuses a value outside the choices and lists them', () => {
    expect(() => parse(noun, ['create', '-f', 'x', '--kind', 'c'])).toThrow(/Allowed choices are a, b/)
  })

  it.each([[[]], [['--help']], [['-h']], [['token', '--help']]])('shows the verbs for %j', argv => {
    const parsed = parse(noun, argv)
    expect(parsed).toMatchObject({ kind: 'help' })
    expect(JSON.stringify(parsed)).toContain('token create')
  })

  it('shows flags, choices and examples of a verb', () => {
    const parsed = parse(noun, ['create', '--help'])
    expect(parsed.kind === 'help' && parsed.text).toMatch(/Usage: hagane thing create \[flags\][\s\S]*--file[\s\S]*"b"/)
    expect(parsed.kind === 'help' && parsed.text).toContain('hagane thing create -f thing.yml')
    expect(parsed.kind === 'help' && parsed.text).not.toContain('--subscription')
  })
})

import { describe, expect, it } from 'vitest'
import { catalogue } from '../catalogue.ts'
import type { Noun } from '../invocation.ts'
import { longName } from './flags.ts'
import { globalFlags } from './globals.ts'
import { parse } from './parse.ts'

const nouns: Noun[] = await Promise.all(catalogue.map(async entry => (await entry.load()).noun))
const verbs = nouns.flatMap(noun => noun.verbs.map(verb => ({ noun, verb, title: `${noun.name} ${verb.name}`.trim() })))

/** The words of an example, without quotes; what follows a pipe or redirection is not ours. */
const wordsOf = (example: string) =>
  (/hagane ([^|>]*)/.exec(example)?.[1] ?? '').match(/"[^"]*"|\S+/g)?.map(word => word.replaceAll('"', '')) ?? []

describe('every command', () => {
  it.each(verbs)('$title: has a summary and examples that its own grammar understands', ({ verb }) => {
    expect(verb.summary).toMatch(/^[A-Z].{5,100}$/)
    expect(verb.examples.length).toBeGreaterThan(0)
    for (const example of verb.examples) {
      const [name, ...rest] = wordsOf(example)
      const noun = nouns.find(candidate => candidate.name === name)
      if (noun === undefined) expect(example).toMatch(/^hagane --version$/)
      else expect(parse(noun, rest)).toMatchObject({ kind: 'run' })
    }
  })

  it.each(verbs)('$title: names each flag by its long spelling, and no spelling twice', ({ verb }) => {
    const flags = { ...verb.flags, ...globalFlags }
    for (const [key, flag] of Object.entries(flags)) {
      const camel = longName(flag).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      expect([camel, 'workspace']).toContain(key)
    }
    const shorts = Object.values(flags).flatMap(flag => /^-(\w),/.exec(flag.spelling)?.[1] ?? [])
    expect(new Set(shorts).size).toBe(shorts.length)
  })

  it('is listed under the name and summary that its module has', () => {
    for (const [index, noun] of nouns.entries()) {
      expect(catalogue[index]).toMatchObject({ name: noun.name, summary: noun.summary })
    }
  })
})

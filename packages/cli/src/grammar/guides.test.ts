import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { catalogue } from '../catalogue.ts'
import { parse } from './parse.ts'

const root = join(import.meta.dirname, '../../../..')
const files = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).sort()
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')
const nouns = new Map((await Promise.all(catalogue.map(entry => entry.load()))).map(({ noun }) => [noun.name, noun]))

/** Words of a shell command up to what is not its own: a pipe, a redirection, a comment, the end of `$(…)`. */
function wordsOf(command: string): string[] {
  const [own = ''] = /^(?:"[^"]*"|'[^']*'|\$\([^)]*\)|[^"'|>)#;&])*/.exec(command.replace(/<[^>]*>/g, 'x')) ?? []
  return own.match(/(?:"[^"]*"|'[^']*'|\S)+/g)?.map(word => word.replace(/["']/g, '')) ?? []
}

/** Commands in blocks of shell, those that go over several lines as one. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh|bash)?\n(.*?)^```/gms)].map(match => match[1] ?? '')
  return blocks
    .flatMap(block => block.replace(/\\\n\s*/g, ' ').split('\n'))
    .flatMap(line => [...line.matchAll(/(?:^|[\s$(])hagane ((?:az )?(?:ml )?[a-z].*)/g)].map(match => match[1] ?? ''))
}

it.each(files.filter(file => commandsIn(textOf(file)).length > 0))(
  'the commands in %s are ones that there are',
  file => {
    for (const command of commandsIn(textOf(file))) {
      const [name = '', ...rest] = wordsOf(command.replace(/^(az )?ml /, ''))
      if (name === 'up') continue
      const noun = nouns.get(name)
      expect(noun?.name, `hagane ${command}`).toBe(name)
      if (noun !== undefined) expect(() => parse(noun, rest), `hagane ${command}`).not.toThrow()
    }
  },
)

it('the guide of the command line lists every noun with its verbs', () => {
  const rows = [...textOf('docs/guides/cli.md').matchAll(/^\| (`.*) \|(.*)\|$/gm)].map(match => match.slice(1))
  const listed = rows.flatMap(([names = '', verbs = '']) =>
    [...names.replace(/\(.*?\)/g, also => also.replaceAll(/\w+¹/g, '')).matchAll(/`([a-z-]+)`/g)].map(
      ([, name = '']) => [name, `${names} ${verbs}`] as const,
    ),
  )
  for (const [name, noun] of nouns) {
    const said = listed.find(([one]) => one === name)?.[1]
    expect(said, `${name} has no row`).toBeDefined()
    for (const verb of noun.verbs.filter(one => !one.summary.startsWith('Refused')))
      expect(said, `${name} ${verb.name}`).toMatch(new RegExp(`\\b${verb.name}`))
  }
})

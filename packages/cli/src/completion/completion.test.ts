import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../catalogue.ts'
import { newFolder, runCli } from '../testing/run-cli.ts'
import { commandTable } from './command-table.ts'

const script = async (shell: string) => (await runCli(['completion', shell])).out
const table = commandTable(await Promise.all(catalogue.map(async entry => (await entry.load()).noun)))
const hasShell = (shell: string) => spawnSync(shell, ['--version']).status === 0

/** What bash offers for the last word of a command line. */
function offered(bash: string, ...words: string[]): string[] {
  const file = join(newFolder(), 'completion.bash')
  const quoted = ['hagane', ...words].map(word => `'${word}'`).join(' ')
  writeFileSync(
    file,
    `${bash}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _hagane; printf '%s\\n' "\${COMPREPLY[@]}"\n`,
  )
  return execFileSync('bash', ['--norc', file], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

describe('bash completion', async () => {
  const bash = await script('bash')

  it.each([
    [['jo'], ['job']],
    [['online-'], ['online-endpoint', 'online-deployment']],
    [['job', 'ca'], ['cancel']],
    [['az', 'ml', 'job', 'ca'], ['cancel']],
    [['ml', 'job', 'ca'], ['cancel']],
    [['access', 'to'], ['token']],
    [['access', 'token', 're'], ['revoke']],
    [['job', 'create', '--str'], ['--stream']],
    [['access', 'token', 'create', '--ro'], ['--role']],
    [['access', 'token', 'create', '--role', 'ad'], ['admin']],
    [['job', 'list', '-o', 'ta'], ['table']],
    [['completion', 'z'], ['zsh']],
    [['status', '--qu'], ['--query']],
    [['up', '--por'], ['--port']],
    [['help', ''], []],
  ])('offers for %j: %j', (words, expected) => {
    expect(offered(bash, ...words)).toEqual(expect.arrayContaining(expected))
    if (expected.length > 0) expect(offered(bash, ...words)).toHaveLength(expected.length)
  })

  it('does not offer what is only accepted', () => {
    expect(offered(bash, 'job', 'create', '--sk')).toEqual([])
  })
})

describe('every script', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s names every noun, verb and flag', async shell => {
    const text = await script(shell)
    for (const noun of table) {
      expect(text).toContain(noun.name)
      for (const verb of noun.verbs) {
        for (const word of verb.name.split(' ')) expect(text).toContain(word)
        for (const flag of verb.flags) expect(text).toMatch(new RegExp(`(--|-l )${flag.long}\\b`))
      }
    }
    expect(table.map(noun => noun.name)).toEqual([...catalogue.map(entry => entry.name), 'up'])
  })

  it.each(['bash', 'zsh', 'fish'])('is valid %s', async shell => {
    if (!hasShell(shell)) return
    const file = join(newFolder(), 'script')
    writeFileSync(file, await script(shell))
    expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })

  it('of another shell is refused', async () => {
    expect(await runCli(['completion', 'tcsh'])).toMatchObject({ code: 2, err: /bash, zsh, fish/ })
  })
})

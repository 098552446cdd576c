import { azAnswer } from './az-answers.ts'
import { exitCodes } from './failure.ts'
import { type OutputFormat, outputFormats } from './grammar/globals.ts'
import { UsageError } from './grammar/usage-error.ts'
import { render } from './output/print.ts'
import { compileQuery } from './output/query.ts'
import { configPath, readConfig, writeConfig } from './settings/config-file.ts'
import { readSettings } from './settings/settings.ts'
import type { Surroundings } from './terminal/terminal.ts'

/** Commands of `az` outside `az ml` that scripts call to prepare themselves; there is nothing to prepare here. */
const needless = [
  ['login'],
  ['logout'],
  ['account', 'set'],
  ['extension', 'add'],
  ['extension', 'update'],
  ['extension', 'remove'],
  ['group', 'create'],
  ['group', 'delete'],
]

/**
 * `hagane az <not ml>`, so that `az() { hagane az "$@"; }` runs scripts written for Azure: what only prepares an Azure
 * subscription does nothing, `az configure --defaults workspace=…` sets the workspace, what scripts ask about their
 * surroundings is answered, the rest is refused.
 */
export async function runOtherAz(words: readonly string[], surroundings: Surroundings): Promise<number> {
  if (words[0] === 'configure' && !words.some(word => word === '-l' || word === '--list-defaults'))
    return configure(words.slice(1), surroundings)
  if (needless.some(command => command.every((word, index) => words[index] === word))) {
    surroundings.stderr.write(`hagane: nothing to do for 'az ${words.slice(0, 2).join(' ')}'\n`)
    return exitCodes.ok
  }
  const { env, home, user } = surroundings
  const settings = await readSettings({ env, home, user, workspaceFlag: undefined })
  const answer = azAnswer(words, settings, await readConfig(configPath(env, home)))
  if (answer !== undefined) return print(answer, words, surroundings)
  const asked = words.length === 0 ? 'az' : `az ${words.slice(0, 2).join(' ')}`
  throw new UsageError(`hagane stands in for 'az ml' only, not for '${asked}'`, 'write az ml <noun> <verb>')
}

async function print(value: unknown, words: readonly string[], surroundings: Surroundings): Promise<number> {
  const query = flag(words, '--query')
  const format = flag(words, '-o') ?? flag(words, '--output')
  if (format !== undefined && !(outputFormats as readonly string[]).includes(format))
    throw new UsageError(`-o takes no '${format}'`, `one of: ${outputFormats.join(', ')}`)
  const manner = {
    format: format as OutputFormat | undefined,
    query: query === undefined ? undefined : await compileQuery(query),
    likeAz: true,
  }
  surroundings.stdout.write(await render(value, manner, surroundings))
  return exitCodes.ok
}

const flag = (words: readonly string[], name: string): string | undefined => {
  const at = words.indexOf(name)
  return at === -1 ? words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1) : words[at + 1]
}

async function configure(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const start = words.findIndex(word => word === '--defaults' || word === '-d')
  const pairs = start === -1 ? [] : words.slice(start + 1).filter(word => !word.startsWith('-'))
  const path = configPath(surroundings.env, surroundings.home)
  const { workspace: earlier, azDefaults = {}, ...file } = await readConfig(path)
  let workspace = earlier
  for (const pair of pairs) {
    const [name = '', value = ''] = pair.split(/=(.*)/s, 2)
    if (name === 'workspace') workspace = value || undefined
    else if (value === '') delete azDefaults[name]
    else azDefaults[name] = value
  }
  await writeConfig(path, {
    ...file,
    ...(workspace === undefined ? {} : { workspace }),
    ...(Object.keys(azDefaults).length === 0 ? {} : { azDefaults }),
  })
  return exitCodes.ok
}

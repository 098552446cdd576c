import { exitCodes } from './failure.ts'
import { UsageError } from './grammar/usage-error.ts'
import { configPath, readConfig, writeConfig } from './settings/config-file.ts'
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
 * subscription does nothing, `az configure --defaults workspace=…` sets the workspace, the rest is refused.
 */
export async function runOtherAz(words: readonly string[], surroundings: Surroundings): Promise<number> {
  if (words[0] === 'configure') return configure(words.slice(1), surroundings)
  if (needless.some(command => command.every((word, index) => words[index] === word))) {
    surroundings.stderr.write(`hagane: nothing to do for 'az ${words.slice(0, 2).join(' ')}'\n`)
    return exitCodes.ok
  }
  const asked = words.length === 0 ? 'az' : `az ${words.slice(0, 2).join(' ')}`
  throw new UsageError(`hagane stands in for 'az ml' only, not for '${asked}'`, 'write az ml <noun> <verb>')
}

async function configure(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const start = words.findIndex(word => word === '--defaults' || word === '-d')
  const pairs = start === -1 ? [] : words.slice(start + 1).filter(word => !word.startsWith('-'))
  const values = new Map(pairs.map(pair => pair.split('=', 2) as [string, string | undefined]))
  const workspace = values.get('workspace')
  if (workspace === undefined || workspace === '') return exitCodes.ok
  const path = configPath(surroundings.env, surroundings.home)
  await writeConfig(path, { ...(await readConfig(path)), workspace })
  return exitCodes.ok
}

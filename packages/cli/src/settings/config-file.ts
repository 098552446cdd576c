import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UsageError } from '../grammar/usage-error.ts'

/** What `hagane login` and `hagane config set-context` remember. A token belongs to one server and is sent nowhere else. */
export interface ConfigFile {
  url?: string
  workspace?: string
  tokens?: Record<string, string>
  /** What `az configure --defaults` named beside the workspace: group, location. Kept for scripts that ask. */
  azDefaults?: Record<string, string>
}

/** Where the file is: `$XDG_CONFIG_HOME/hagane/config.json`, or below `~/.config`. */
export function configPath(env: Record<string, string | undefined>, home: string): string {
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'hagane', 'config.json')
}

/** Reads the file; a missing one is empty, a broken one is an error that names it. */
export async function readConfig(path: string): Promise<ConfigFile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  const parsed = parseObject(text)
  if (parsed === undefined)
    throw new UsageError(`${path} is not a JSON object`, 'correct it, or delete it and log in again')
  return parsed
}

/** Replaces the file in one step; only its owner may read it, because it may hold tokens. */
export async function writeConfig(path: string, config: ConfigFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.new`
  await writeFile(draft, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}

function parseObject(text: string): ConfigFile | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

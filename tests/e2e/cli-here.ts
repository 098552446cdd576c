import { runCli } from '../../packages/cli/src/testing/run-cli.ts'
import { type Cli, CommandFailed } from '../../tools/demo/cli.ts'

/**
 * The command line against the server at `url`, in this process: a command of its own process spends half a second of a core on its
 * start. What a process adds is tested elsewhere (`packages/cli/test/executable.test.ts`, `az-scripts.test.ts`).
 */
export function cliHere(url: string, folder: string): Cli {
  const typed = (...args: string[]): string => `hagane ${args.join(' ')}`
  const run = async (...args: string[]) => {
    const { code, out, err } = await runCli(args, { env: { HAGANE_URL: url }, cwd: folder })
    if (code !== 0) throw new CommandFailed(typed(...args), err || out, out)
    return { out, err }
  }
  return { run, json: async (...args) => JSON.parse((await run(...args, '--output', 'json')).out), typed }
}

/**
 * A process that stages and starts a step and then waits for ever: a server that tests kill with SIGKILL.
 * Arguments: store folder, step folder, command, PATH of the step or '', container as JSON. Prints `<pid>` once the command runs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type StepContainer, type StepPlan, stage, start } from '../index.ts'
import { folderStore } from './folder-store.ts'

const [root = '', folder = '', command = '', path = '', container] = process.argv.slice(2)
const plan: StepPlan = {
  name: 'crash',
  folder,
  render: () => command,
  inputs: [],
  outputs: [{ name: 'out', kind: 'folder' }],
  environment: path === '' ? {} : { PATH: path },
  ...(container === undefined ? {} : { container: JSON.parse(container) as StepContainer }),
}
const running = await start(await stage(plan, folderStore(root)))
process.stdout.write(`${running.pid}\n`)
for (;;) await sleep(1_000_000)

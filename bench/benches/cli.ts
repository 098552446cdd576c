import { join } from 'node:path'
import { haganeExecutable } from '../../tools/demo/server.ts'
import { type Bench, median, repeat } from '../bench.ts'
import { withHagane } from '../measure/hagane.ts'
import { withMlflow } from '../measure/mlflow-server.ts'
import { peerPython, timeOf } from '../measure/peer-python.ts'

const rounds = 5

/** One command of each command line that asks its server for a list, start of the process to its end. */
export const cliRoundTrip: Bench = {
  name: 'cli',
  about: 'round trip of `hagane job list`, beside `mlflow experiments search`',
  async run(context) {
    const bin = await peerPython(context.say)
    const ours = await withHagane(join(context.folder, 'ours'), ({ url }) =>
      timed([process.execPath, haganeExecutable, 'job', 'list'], { HAGANE_URL: url }),
    )
    const peer = await withMlflow(bin, join(context.folder, 'peer'), url =>
      timed([join(bin, 'mlflow'), 'experiments', 'search'], { MLFLOW_TRACKING_URI: url }),
    )
    return [
      {
        work: 'CLI round trip',
        unit: 'ms',
        ours,
        peer,
        peerName: 'mlflow experiments search',
        note: 'job list; whole process',
      },
    ]
  },
}

/** The first call warms the file cache and is not counted. */
async function timed([command, ...args]: [string, ...string[]], env: NodeJS.ProcessEnv): Promise<number> {
  timeOf(command, args, { env })
  return median(await repeat(rounds, async () => timeOf(command, args, { env })))
}

import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Client, HaganeError, jobRoutes } from '@hagane/contract'
import { type Download, saveTree } from '../download/save-tree.ts'
import { text, toggle } from '../grammar/flags.ts'
import { verb } from '../invocation.ts'
import { fileCount } from '../terminal/progress.ts'
import { jobName } from './job-flags.ts'

/** Where Azure ML puts the log of a command among its artifacts. */
const logPath = 'user_logs/std_log.txt'

type Outputs = Awaited<ReturnType<typeof outputsOf>>

export const download = verb({
  name: 'download',
  summary: 'Download the artifacts and log of a job, a named output, or everything',
  description: 'Artifacts go to ./artifacts, named outputs to ./named-outputs/<output>.',
  examples: [
    'hagane job download -n brave_iron_12 --all',
    'hagane job download -n brave_iron_12 --output-name score --download-path ./result',
  ],
  flags: {
    name: jobName,
    outputName: text('--output-name <name>', 'only this named output'),
    all: toggle('--all', 'artifacts and every named output'),
    downloadPath: text('-p, --download-path <path>', 'where the folders are made (default: here)'),
  },
  run: async (call, options) => {
    const folder = resolve(call.surroundings.cwd, options.downloadPath ?? '.')
    const source = { client: call.client, surroundings: call.surroundings, quiet: call.globals.onlyShowErrors }
    const outputs = await outputsOf(call.client, options.name)
    const named = options.all ? Object.keys(outputs.outputs) : [options.outputName].filter(name => name !== undefined)
    for (const output of named) {
      const count = await saveOutput(source, outputs, output, join(folder, 'named-outputs', output))
      call.note(`${fileCount(count)} of output ${output} in ${join(folder, 'named-outputs', output)}`)
    }
    if (options.outputName !== undefined && !options.all) return
    const count = await saveArtifacts(source, outputs, options.name, join(folder, 'artifacts'))
    call.note(`${fileCount(count)} of ${options.name} in ${join(folder, 'artifacts')}`)
  },
})

const outputsOf = (client: Client, name: string) => client.call(jobRoutes.outputs, { params: { name } })

async function saveOutput(source: Download, outputs: Outputs, name: string, folder: string): Promise<number> {
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.'))
    throw new HaganeError('invalid', `'${name}' is not an output name`)
  const output = Object.hasOwn(outputs.outputs, name) ? outputs.outputs[name] : undefined
  if (output === undefined) {
    const names = Object.keys(outputs.outputs)
    throw new HaganeError('not_found', `the job has no output '${name}'`, {
      hint:
        names.length === 0
          ? 'it has no named outputs; leave --output-name out to download its artifacts and log'
          : `its outputs: ${names.join(', ')}`,
    })
  }
  if (output.digest === undefined) {
    throw new HaganeError('unsupported', `output '${name}' holds no files to download: it is ${output.uri}`)
  }
  return saveTree(source, output.digest, output.path ?? '', folder)
}

/** The run's artifacts, and the log where the artifacts do not hold it. */
async function saveArtifacts(source: Download, outputs: Outputs, job: string, folder: string): Promise<number> {
  const count = outputs.artifacts === undefined ? 0 : await saveTree(source, outputs.artifacts, '', folder)
  const target = join(folder, logPath)
  if ((await stat(target).catch(() => undefined)) !== undefined) return count
  const response = await source.client.raw(jobRoutes.log, { params: { name: job } })
  const log = new Uint8Array(await response.arrayBuffer())
  if (log.length === 0) return count
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, log)
  return count + 1
}

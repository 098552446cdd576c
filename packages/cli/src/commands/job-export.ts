import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { blobRoutes, HaganeError, isSafeTreePath, type JobExport, jobExportRoutes, treeUri } from '@hagane/contract'
import { saveTree } from '../download/save-tree.ts'
import type { Invocation } from '../invocation.ts'
import { fileCount } from '../terminal/progress.ts'

/** Writes a folder from which another server computes a job again; `data` says whether input data goes along. */
export async function exportJob(call: Invocation, name: string, folder: string, data: boolean): Promise<void> {
  const target = resolve(call.surroundings.cwd, folder)
  await refuseFull(target)
  const found = await call.client.call(jobExportRoutes.export, { params: { name } })
  const source = { client: call.client, surroundings: call.surroundings, quiet: call.globals.onlyShowErrors }
  let count = 0
  for (const { path, tree, below, kind } of found.folders) {
    if (kind === 'data' && !data) continue
    count += await saveTree(source, tree, below, join(target, checked(path)))
  }
  const texts = [...found.files, ...(await ownFiles(call, found, data))]
  for (const { path, text } of texts) {
    await mkdir(dirname(join(target, checked(path))), { recursive: true })
    await writeFile(join(target, path), text)
  }
  call.note(`${fileCount(count + texts.length)} in ${target}: hagane job create -f ${join(folder, 'job.yml')} --stream`)
}

async function refuseFull(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (there.length > 0)
    throw new HaganeError('conflict', `${folder} is not empty`, { hint: 'name a folder that does not exist yet' })
}

/** The server names the places; none may lead out of the folder. */
function checked(path: string): string {
  if (isSafeTreePath(path)) return path
  throw new HaganeError('invalid', `the server sent an unsafe path: ${JSON.stringify(path)}`)
}

async function ownFiles(call: Invocation, found: JobExport, data: boolean): Promise<{ path: string; text: string }[]> {
  const job = data ? found.job : withReferences(found)
  const { of, results, git } = found
  const inputs = found.folders.map(({ path, tree, below, from }) => ({
    path,
    tree,
    ...(below === '' ? {} : { below }),
    ...(from === undefined ? {} : { from }),
  }))
  const { toYaml } = await import('../output/yaml.ts')
  const record = { of, content: inputs, results, ...(git === undefined ? {} : { git }) }
  const diff = git?.diff === undefined ? [] : [{ path: 'changes.diff', text: await diffText(call, git.diff.digest) }]
  return [
    { path: 'job.yml', text: toYaml(job) },
    { path: 'record.json', text: `${JSON.stringify(record, null, 2)}\n` },
    { path: 'README.md', text: readme(found, data) },
    ...diff,
  ]
}

/** The blob of a recorded diff as text. */
export const diffText = async (call: Invocation, digest: string): Promise<string> =>
  (await call.client.raw(blobRoutes.get, { params: { digest } })).text()

/** Without the data their digests stand in the YAML: a server that has the content finds it, any other says what it lacks. */
function withReferences({ job, folders }: JobExport): unknown {
  const addresses = new Map(
    folders.filter(({ kind }) => kind === 'data').map(({ path, tree, below }) => [`./${path}`, treeUri(tree, below)]),
  )
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit)
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]))
    if (typeof value !== 'string' || !value.startsWith('./data/')) return value
    const file = addresses.get(value.slice(0, value.lastIndexOf('/')))
    return addresses.get(value) ?? file ?? value
  }
  return visit(job)
}

function readme({ of, results, git, folders }: JobExport, data: boolean): string {
  const outputs = results.flatMap(({ step, outputs: made }) =>
    Object.entries(made).map(([name, digest]) => `| ${step} | ${name} | \`${digest}\` |`),
  )
  const references = folders
    .filter(({ kind }) => kind === 'data')
    .map(({ tree, from }) => `- \`${tree}\` ${from ?? ''}`)
  return `# ${of}

A job as it was resolved: code, environment and ${data ? 'data' : 'digests of its data'}. Two commands compute it again, on any server:

\`\`\`sh
hagane up                                 # or HAGANE_URL=… for a server that runs
hagane job create -f job.yml --stream
\`\`\`

\`job.yml\` names everything by path in this folder, \`environments/\` holds each package with its hashes, \`record.json\` where the
content came from and what came out.${git === undefined ? '' : ` The code was at commit \`${git.commit}\`${git.dirty ? ' with changes (`changes.diff`)' : ''}.`}
${data ? '' : `\nThe data is not here; the server needs to have it:\n\n${references.join('\n')}\n`}
${outputs.length === 0 ? '' : `Digests of the outputs that came out:\n\n| step | output | tree |\n|---|---|---|\n${outputs.join('\n')}\n`}`
}

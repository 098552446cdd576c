import { z } from 'zod'
import type { Loading } from './loading.ts'
import type { Cursor } from './tree.ts'
import { validate } from './validate.ts'

const packages = z.array(z.string()).nullish()

/** MLflow's python_env.yaml. */
const pythonEnv = z.strictObject({
  python: z.union([z.string(), z.number()]).optional(),
  build_dependencies: packages,
  dependencies: packages,
})

/** An environment with the Python and the packages of a python_env.yaml; files named by `-r` are read, as pip would. */
export async function pythonEnvironment(loading: Loading, cursor: Cursor): Promise<unknown> {
  const spec = validate(loading, pythonEnv, cursor.map)
  if (spec === undefined) return undefined
  const wanted = [...(spec.build_dependencies ?? []), ...(spec.dependencies ?? [])]
  const lines: string[] = []
  for (const line of wanted) lines.push(...(await linesOf(loading, cursor, line)))
  const python = spec.python === undefined ? [] : [`python=${spec.python}`]
  return { image: 'python', conda_file: { dependencies: [...python, 'pip', { pip: lines }] } }
}

async function linesOf(loading: Loading, cursor: Cursor, line: string): Promise<string[]> {
  const file = /^(?:-r|--requirement)[\s=]+(\S+)$/.exec(line.trim())?.[1]
  if (file === undefined) return [line]
  const path = loading.files.resolve(cursor.home.directory, file)
  if ((await loading.kindOf(path)) !== 'file') {
    loading.wrong(cursor, 'dependencies', `there is no file ${path}`, { sent: line })
    return []
  }
  const text = await loading.text(path)
  return text
    .split('\n')
    .map(one => one.replace(/(^|\s)#.*$/, '').trim())
    .filter(one => one !== '')
}

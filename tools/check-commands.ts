/** The checks that other programs carry out; each gives its output when it fails and nothing when all is well. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const home = dirname(import.meta.dirname)

/** A program that an npm package brought along. */
const bin = (name: string): string => join(home, 'node_modules', '.bin', name)

function outputUnlessFine(cwd: string, command: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text))
    child.on('error', reject)
    child.on('close', code => resolve(code === 0 ? '' : output.trim() || `${command} ended with exit code ${code}`))
  })
}

const withFix = async (output: Promise<string>, fix: string): Promise<string> => {
  const text = await output
  return text === '' ? '' : `${text}\n  fix: ${fix}`
}

export const checkTypes = (root: string): Promise<string> =>
  withFix(
    outputUnlessFine(root, bin('tsc'), ['-p', 'tsconfig.json', '--pretty', 'false']),
    'make the types say what the code does; never by `any`, `!` or a cast that hides a case',
  )

export const checkStyle = (root: string): Promise<string> =>
  withFix(
    outputUnlessFine(root, bin('biome'), [
      'ci',
      '--colors=off',
      '--diagnostic-level=error',
      '--max-diagnostics=40',
      '.',
    ]),
    'run `npx biome check --write` and mend by hand what it leaves',
  )

export const checkUnused = (root: string): Promise<string> =>
  withFix(
    outputUnlessFine(root, process.execPath, [bin('knip'), '--no-progress', '--no-config-hints']),
    'delete what nobody uses, or drop its `export`; add a package that is used to the package.json of the package that uses it',
  )

/** JSON Schemas of the YAML grammar are generated from the zod schemas; editors read them. */
export async function checkJsonSchemas(root: string): Promise<string> {
  const script = join(root, 'packages', 'manifest', 'src', 'write-schemas.ts')
  if (!existsSync(script)) return ''
  return withFix(
    outputUnlessFine(root, process.execPath, [script, '--check']),
    'run `node packages/manifest/src/write-schemas.ts` and commit packages/manifest/schemas',
  )
}

/** The OpenAPI document is printed from the route table, so that documents and server cannot disagree. */
export async function checkOpenApi(root: string): Promise<string> {
  if (!existsSync(join(root, 'packages', 'server', 'src', 'index.ts'))) return ''
  return withFix(
    outputUnlessFine(root, process.execPath, [join(home, 'tools', 'write-openapi.ts'), '--check', '--root', root]),
    'run `node tools/write-openapi.ts` and commit docs/openapi.json',
  )
}

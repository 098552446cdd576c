import type { Loading } from './loading.ts'
import { isLocalPath, isYamlPath } from './local-path.ts'
import { noteUpload } from './note-upload.ts'
import { keepLiterals, keepVersion } from './number-text.ts'
import { type Cursor, mapAt, own } from './tree.ts'

/** An environment specification: reads its conda file and requirements, notes its build folder for upload. */
export async function expandEnvironmentSpec(loading: Loading, cursor: Cursor): Promise<void> {
  keepVersion(loading.origins, cursor.map)
  keepLiterals(loading.origins, cursor.map, 'tags')
  const conda = own(cursor.map, 'conda_file')
  if (typeof conda === 'string' && isLocalPath(conda)) await loading.inlineYaml(cursor, 'conda_file')
  const requirements = own(cursor.map, 'pip_requirements')
  if (typeof requirements === 'string' && /^\S+\.txt$/.test(requirements)) {
    await loading.inlineText(cursor, 'pip_requirements', requirements)
  }
  const build = mapAt(cursor, 'build')
  if (build !== undefined && (await noteUpload(loading, build, 'path', 'environment-build')) === 'file') {
    loading.wrong(build, 'path', 'the build context must be a folder', {
      allowed: 'a folder that holds the Dockerfile',
      hint: 'name the folder here and the file in dockerfile_path',
    })
  }
  if (Array.isArray(own(cursor.map, 'dependencies')) && conda === undefined) {
    loading.wrong(cursor, 'dependencies', 'this is a conda file, not an environment', {
      hint: 'write environment: {image: <image>, conda_file: <this file>}',
    })
  }
}

/** The `environment` of a job, component or deployment: a reference stays, a YAML file is read in its place. */
export async function expandEnvironment(loading: Loading, owner: Cursor): Promise<void> {
  const value = own(owner.map, 'environment')
  const spec =
    typeof value === 'string' && isYamlPath(value)
      ? await loading.inlineYaml(owner, 'environment')
      : mapAt(owner, 'environment')
  if (spec !== undefined) await expandEnvironmentSpec(loading, spec)
}

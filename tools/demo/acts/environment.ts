import type { Asset, Stage } from './act.ts'
import { newest } from './act.ts'

interface Environment extends Asset {
  readonly build_status: { readonly lock_digest?: string; readonly packages?: number; readonly python?: string }
}

/** The Python environment: locked with hashes, then built. */
export async function buildEnvironment(stage: Stage): Promise<void> {
  const { cli, tell } = stage
  if ((await newest(stage, 'environment', 'flights')) === undefined) {
    tell.progress('environment: locking and building Python packages')
    await cli.run('environment', 'create', '-f', 'environment.yml')
  }
  const { version } = await cli.json<Environment>('environment', 'show', '-n', 'flights', '--label', 'latest')
  await cli.run('environment', 'build', '-n', 'flights', '-v', version)
  const { id, build_status: build } = await cli.json<Environment>('environment', 'show', '-n', 'flights', '-v', version)
  const what = `environment ${id}: Python ${build.python}, ${build.packages} packages, lock ${build.lock_digest?.slice(0, 12)}`
  tell.progress(what)
  tell.story(what, cli.typed('environment', 'show', '-n', 'flights', '-v', version, '--lock'))
}

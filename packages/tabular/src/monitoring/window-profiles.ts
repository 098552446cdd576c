import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ColumnKind } from '@hagane/contract'
import type { CollectedSources } from '../collected/sources.ts'
import { profileSketch } from '../drift/sketch/profile-table.ts'
import type { ColumnPlan, Profile } from '../drift/types.ts'
import type { Engine } from '../engine.ts'
import { ROW_ID, ROW_TIME } from './columns.ts'
import { type WindowColumn, windowTable } from './window-table.ts'

/** A part of an hour in which something was answered. */
export interface WindowPart {
  /** 2026-11-26T10 */
  readonly hour: string
  readonly since: string
  readonly until: string
}

/** Profiles of parts of what a deployment collected, one after the other, so that a month takes no more memory than an hour. */
export interface WindowProfilesRequest {
  readonly kind: 'window-profiles'
  readonly sources: CollectedSources
  readonly deployment: string
  readonly parts: readonly WindowPart[]
  /** What columns are taken for; kinds of single ones where there is no plan yet. */
  readonly plan?: ColumnPlan
  readonly kinds?: Readonly<Record<string, ColumnKind>>
}

/** The profile of a part, and what its columns are. */
export interface WindowProfile {
  readonly hour: string
  readonly profile: Profile
  readonly inputs: readonly WindowColumn[]
  readonly outputs: readonly WindowColumn[]
  /** Time of the newest row, RFC 3339. */
  readonly newest?: string
}

export async function windowProfiles(engine: Engine, request: WindowProfilesRequest): Promise<WindowProfile[]> {
  const profiles: WindowProfile[] = []
  for (const [n, part] of request.parts.entries()) profiles.push(await profileOf(engine, request, part, n))
  return profiles
}

async function profileOf(
  engine: Engine,
  { sources, deployment, plan, kinds }: WindowProfilesRequest,
  { hour, since, until }: WindowPart,
  n: number,
): Promise<WindowProfile> {
  const output = { folder: engine.scratch, path: join(engine.scratch, `part-${n}.parquet`) }
  const filter = { since, until, deployments: [deployment] }
  const table = await windowTable(engine, { kind: 'window-table', sources: ofHour(sources, hour), filter, output })
  const columns = [...table.inputs, ...table.outputs].map(({ column }) => column)
  const profile = await profileSketch(engine, {
    kind: 'profile-sketch',
    source: { name: hour, path: output.path, root: engine.scratch },
    ...(plan === undefined ? { features: columns } : { plan }),
    ...(kinds === undefined ? {} : { kinds }),
  })
  await rm(output.path)
  const { inputs, outputs, newest } = table
  return { hour, profile: without(profile), inputs, outputs, ...(newest === undefined ? {} : { newest }) }
}

const own: readonly string[] = [ROW_ID, ROW_TIME]
const without = (profile: Profile): Profile => ({
  ...profile,
  columns: profile.columns.filter(({ name }) => !own.includes(name)),
})

/** Files lie in folders by hour, and captures are named after theirs: those of other hours are not even opened. */
function ofHour(sources: CollectedSources, hour: string): CollectedSources {
  const folder = `/${hour.replace('T', '-').replaceAll('-', '/')}/`
  return {
    ...sources,
    parquet: sources.parquet.filter(({ path }) => path.includes(folder)),
    captures: sources.captures.filter(path => basename(path).startsWith(`${hour}.`)),
  }
}

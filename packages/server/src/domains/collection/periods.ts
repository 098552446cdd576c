import { createHash } from 'node:crypto'
import { HaganeError } from '@hagane/contract'
import type { ResultOf, TabularReader, TabularRequest } from '@hagane/tabular'
import { captureFiles } from './captures.ts'
import { attempts, type Period, type QuestionDeps, type Sources, sourcesOf } from './questions.ts'
import { listFiles } from './reads.ts'

export type CollectedSources = Sources

/** A deployment whose collected data is asked about. */
export interface CollectedPlace {
  readonly workspace: string
  readonly endpoint: string
  readonly deployment: string
}

/** An hour in which something was collected. */
export interface CollectedHour {
  /** 2026-11-23T22, in UTC. */
  readonly hour: string
  /** Digest of the names and digests of its files: it changes when the hour does. */
  readonly content: string
  /** Everything that was captured so far has become a table. */
  readonly settled: boolean
}

/** What was collected, by periods, for those who compute over it in the background. */
export interface CollectedPeriods {
  /** Has a reader answer a request about what a deployment collected in a period. Throws what it found wrong. */
  ask<R extends TabularRequest>(
    place: CollectedPlace,
    period: Period,
    request: (sources: CollectedSources) => R,
    reader: TabularReader,
  ): Promise<ResultOf<R>>
  /** The hours of a period that hold predictions of a deployment, in order; only names are read. */
  hours(place: CollectedPlace, from: Date, to: Date): Promise<CollectedHour[]>
}

interface Deps extends QuestionDeps {
  revision(id: string): Promise<{ workspace: string; endpoint: string; deployment: string } | undefined>
}

export function buildPeriods(deps: Deps): CollectedPeriods {
  return {
    async ask(place, period, request, reader) {
      const revisions = await revisionsOf(deps, place)
      for (let attempt = 1; ; attempt += 1) {
        const sources = await sourcesOf(deps, place, revisions, period, place.deployment)
        try {
          return await reader.ask(request(sources))
        } catch (error) {
          if (!(error instanceof HaganeError) || error.kind !== 'conflict' || attempt === attempts) throw error
        }
      }
    },
    async hours(place, from, to) {
      // files after captures, as in sourcesOf: what is turned into a table in between is then among both
      const captures = await captureFiles(deps.gatewayDir, await revisionsOf(deps, place))
      const files = await listFiles(deps.db, place.workspace, place.endpoint, {
        collections: ['predictions', 'model_inputs'],
        deployment: place.deployment,
        from: hourOf(from),
        to: hourOf(to),
      })
      const converted = new Set(files.map(file => file.source))
      const waiting = new Set(captures.filter(({ name }) => !converted.has(name)).map(({ hour }) => hour))
      const byHour = Map.groupBy(files, file => file.hour)
      const hours = [...new Set([...byHour.keys(), ...waiting])].filter(
        hour => hour >= hourOf(from) && hour <= hourOf(to),
      )
      return hours.sort().map(hour => ({
        hour,
        content: digestOf((byHour.get(hour) ?? []).map(({ path, digest }) => `${path} ${digest}`)),
        settled: !waiting.has(hour),
      }))
    },
  }
}

const hourOf = (time: Date): string => time.toISOString().slice(0, '2026-11-23T22'.length)

const digestOf = (lines: readonly string[]): string => createHash('sha256').update(lines.join('\n')).digest('hex')

/** Revisions of the deployment alone; none of an endpoint that is gone. */
async function revisionsOf(deps: Deps, { workspace, endpoint, deployment }: CollectedPlace): Promise<string[]> {
  const ids = await deps.revisionsOf(workspace, endpoint)
  const found = await Promise.all(ids.map(async id => [id, await deps.revision(id)] as const))
  return found.flatMap(([id, revision]) => (revision?.deployment === deployment ? [id] : []))
}

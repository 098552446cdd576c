import { dataProfileRoutes, dataValidationRoutes } from '@hagane/contract'
import type { Clock } from '../../kernel/clock.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { Profiles } from './profiles.ts'
import type { TableReader } from './table-reader.ts'

/** What may be asked about tables. */
export const tableRoutes = (profiles: Profiles, reader: TableReader, clock: Clock): BoundRoute[] => [
  implement(dataProfileRoutes.profile, call =>
    profiles.show(call, call.params.name, call.params.version, call.query.refresh),
  ),
  implement(dataProfileRoutes.diff, async call => {
    const { left, right, key, sample } = call.body
    const [before, after] = [await reader.source(call.workspace, left), await reader.source(call.workspace, right)]
    return reader.run({ kind: 'diff', left: before, right: after, key, sample })
  }),
  implement(dataValidationRoutes.validate, async call => {
    const { data, expectations } = call.body
    const source = await reader.source(call.workspace, data)
    const { reference } = expectations
    return reader.run({
      kind: 'validate',
      source,
      expectations,
      now: clock.now().toISOString(),
      ...(reference === undefined ? {} : { reference: await reader.source(call.workspace, reference) }),
    })
  }),
]

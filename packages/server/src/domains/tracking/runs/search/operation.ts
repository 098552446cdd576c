import type { Database } from '../../../../kernel/db/index.ts'
import { ownExperiments } from '../../experiments/reads.ts'
import type { Experiments } from '../../experiments/service.ts'
import type { Folding } from '../../metrics/fold.ts'
import { parseFilter } from '../../search/filter.ts'
import { type Comparison, runGrammar } from '../../search/grammar.ts'
import { parseOrderBy } from '../../search/order-by.ts'
import { readsOf } from '../../tables.ts'
import { integer, list, text } from '../../wire/fields.ts'
import { type Operation, operation } from '../../wire/operation.ts'
import { decodePageToken, pageOf } from '../../wire/page-token.ts'
import { listOut } from '../../wire/response.ts'
import { viewType } from '../../wire/shared-messages.ts'
import { runOut } from '../messages.ts'
import { runsPageSize } from '../operations.ts'
import { runData, runRows } from '../reads.ts'
import { searchRunNumbers } from './reads.ts'

/** `POST runs/search`. */
export const runSearch = (db: Database, experiments: Experiments, folding: Folding): Operation =>
  operation({
    name: 'runs.search',
    method: 'POST',
    path: '/runs/search',
    permission: 'tracking.read',
    summary: 'Search runs',
    request: {
      experiment_ids: list(text),
      filter: text,
      run_view_type: viewType,
      max_results: integer,
      order_by: list(text),
      page_token: text,
    },
    handle: async (input, call) => {
      const limit = runsPageSize(input.max_results)
      const filter = parseFilter(input.filter, runGrammar)
      const orderBy = parseOrderBy(input.order_by, runGrammar)
      const { offset } = decodePageToken(input.page_token)
      const numbers = await Promise.all(input.experiment_ids.map(id => experiments.numberOf(call, id)))
      const reads = readsOf(db)
      const experimentIds = await ownExperiments(reads, db.dialect, call.workspace, numbers)
      if (experimentIds.length === 0) return {}
      if (usesMetrics(filter) || orderBy.some(one => one.entity === 'metric')) await folding.freshen(experimentIds)
      const view = input.run_view_type ?? 'ACTIVE_ONLY'
      const found = await searchRunNumbers(reads, db.dialect, {
        experimentIds,
        view,
        filter,
        orderBy,
        limit: limit + 1,
        offset,
      })
      const { rows: runNos, token } = pageOf(found, limit, offset)
      await folding.freshenRuns(runNos)
      const [rows, data] = [await runRows(reads, db.dialect, runNos), await runData(reads, db.dialect, runNos)]
      const runs = runNos.flatMap(runNo => {
        const [row, held] = [rows.get(runNo), data.get(runNo)]
        return row === undefined || held === undefined ? [] : [runOut(row, held, false)]
      })
      return { runs: listOut(runs), next_page_token: token }
    },
  })

const usesMetrics = (filter: readonly Comparison[]): boolean => filter.some(one => one.entity === 'metric')

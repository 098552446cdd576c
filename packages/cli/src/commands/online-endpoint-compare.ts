import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { collectionRoutes, type DifferingRow, endpointRoutes, type ShadowComparison } from '@hagane/contract'
import { count, requiredText, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import { comparisonPage } from '../output/comparison-page.ts'
import type { Column } from '../output/table.ts'
import { periodFlags, periodOf } from './time-flags.ts'

export const compare = verb({
  name: 'compare',
  summary: 'Compare what a shadow predicted with what was answered, row by row',
  description:
    'Takes the requests that were mirrored (online-endpoint update --mirror-traffic green=100). As a table it shows the differing rows, worst first; as JSON everything.',
  examples: [
    'hagane online-endpoint compare -n flights --live blue --shadow green --since 2h -o table',
    'hagane online-endpoint compare -n flights --live blue --shadow green --tolerance 1e-6 --html report.html',
  ],
  flags: {
    name: requiredText('-n, --name <name>', 'name of the endpoint'),
    live: requiredText('--live <deployment>', 'the deployment that answers'),
    shadow: requiredText('--shadow <deployment>', 'the deployment that gets copies'),
    ...periodFlags,
    tolerance: text('--tolerance <difference>', 'numbers that differ by at most this agree (default: 0)'),
    worst: count('--worst <n>', 'how many differing rows to show (default: 20)'),
    html: text('--html <path>', 'write a report as a page of HTML'),
  },
  run: async (call, options) => {
    const { live, shadow, html, tolerance = '0' } = options
    if (tolerance.trim() === '' || !(Number(tolerance) >= 0))
      throw new UsageError(`--tolerance: '${tolerance}' is no number from 0 up`, 'for example --tolerance 1e-6')
    const more = { tolerance: Number(tolerance), worst: options.worst ?? 20 }
    const query = { live, shadow, ...more, ...periodOf(options) }
    const found = await call.client.call(collectionRoutes.comparison, { params: { name: options.name }, query })
    if (found.mirrored === 0) await warnOfUnknown(call, options.name, [live, shadow])
    if (html !== undefined) await writeFile(resolve(call.surroundings.cwd, html), comparisonPage(found))
    const onTerminal = call.surroundings.stdout.isTTY === true && !call.resultIsWanted
    if (call.globals.output !== 'table' && !onTerminal) return call.print(found)
    for (const line of summaryOf(found)) call.note(line)
    await call.print(found.worst, columns)
  },
})

/** Deployments that are gone can be compared by what they left; one of which nothing is left may be a slip of the pen. */
async function warnOfUnknown(call: Invocation, endpoint: string, names: readonly string[]): Promise<void> {
  const { items } = await call.client.call(endpointRoutes.listDeployments, { params: { name: endpoint } })
  const known = items.map(({ name }) => name)
  for (const name of names.filter(one => !known.includes(one)))
    call.warn(`nothing was mirrored, and ${endpoint} has no deployment '${name}'; it has ${known.join(', ') || 'none'}`)
}

const shown = (value: unknown): string => JSON.stringify(value)
const columns: readonly Column<DifferingRow>[] = [
  ['Time', row => row.time],
  ['Live', row => shown(row.live)],
  ['Shadow', row => shown(row.shadow)],
  ['Difference', row => row.difference],
  ['Inputs', row => (row.inputs === undefined ? '' : shown(row.inputs))],
  ['LiveId', row => row.live_id],
  ['ShadowId', row => row.shadow_id],
]

/** A comparison in a few sentences. */
export function summaryOf(found: ShadowComparison): string[] {
  const { compared, agreed, agreement, mirrored, live, shadow } = found
  const share = agreement === undefined ? '' : ` (${(100 * agreement).toFixed(3)} %)`
  const failed = [
    [found.unanswered, `${shadow} did not answer`],
    [found.shadow_failed, `${shadow} failed`],
    [found.live_failed, `${live} failed`],
    [found.only_live, `only ${live} has a row`],
    [found.only_shadow, `only ${shadow} has a row`],
    [found.other_shape, 'have another shape'],
  ].flatMap(([rows, what]) => (rows === 0 ? [] : [`${rows} ${what}`]))
  return [
    `${shadow} agrees with ${live} on ${agreed} of ${compared} rows${share}; ${mirrored} were mirrored`,
    ...(failed.length === 0 ? [] : [failed.join(', ')]),
    ...found.columns.flatMap(({ path, numeric }) =>
      numeric === undefined
        ? []
        : [
            `${path || 'output'}: mean |difference| ${numeric.mean_absolute.toPrecision(4)}, p50 ${numeric.p50.toPrecision(4)}, p99 ${numeric.p99.toPrecision(4)}, max ${numeric.max.toPrecision(4)}`,
          ],
    ),
    ...found.columns.flatMap(({ path, changes }) =>
      changes
        .slice(0, 5)
        .map(
          change => `${path || 'output'}: ${shown(change.live)} became ${shown(change.shadow)} ${change.count} times`,
        ),
    ),
  ]
}

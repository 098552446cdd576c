import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, type BenchContext, median, type Row } from '../bench.ts'
import { runCapped } from '../measure/capped.ts'
import { runOrFail } from '../measure/peer-python.ts'
import { peerVenv } from '../measure/peer-venv.ts'

const requirements = ['evidently==0.7.23', 'pandas==2.3.3', 'pyarrow', 'duckdb']
const script = (name: string): string => fileURLToPath(new URL(`../peers/${name}`, import.meta.url))
const [numericRows, mixedRows] = [1_000_000, 100_000]
const largeRows = Number(process.env.HAGANE_BENCH_ROWS ?? 10_000_000)
/** As long as Evidently may take for one pair of tables; what it does not end in this is told as more than it. */
const evidentlySeconds = Number(process.env.HAGANE_BENCH_PEER_SECONDS ?? 300)
const megabyte = 2 ** 20

interface Measured {
  readonly seconds: number
  readonly peak: number
  readonly values: Record<string, number | null>
}

/** Every drift metric of every column, of tables on disk, beside Evidently; a table larger than memory; the minute of a monitor. */
export const drift: Bench = {
  name: 'drift',
  about: `every drift metric of 1 M × 20, 100 k × 50 and ${largeRows.toLocaleString('en')} × 50, beside Evidently; a minute on a month`,
  async run(context) {
    const bin = await peerVenv('Evidently', requirements, context.say)
    if (bin === undefined) throw new Error('without Evidently there are no tables and nothing to compare with')
    const python = join(bin, 'python')
    context.say('writing the tables')
    runOrFail(python, [
      script('drift_tables.py'),
      context.folder,
      String(numericRows),
      String(mixedRows),
      String(largeRows),
    ])
    return [
      ...(await compared(context, python, 'numeric', '1 M × 20 numeric', 50)),
      ...(await compared(context, python, 'mixed', '100 k × 50 mixed', 20)),
      ...large(context),
      ...(await minutes(context)),
    ]
  },
}

function ours({ folder, say }: BenchContext, name: string): Measured {
  say(`hagane, ${name}`)
  const files = ['reference', 'current'].map(side => join(folder, `${name}-${side}.parquet`))
  return lastLine(runOrFail(process.execPath, [script('drift-hagane.ts'), ...files]))
}

async function compared(
  context: BenchContext,
  python: string,
  name: string,
  work: string,
  times: number,
): Promise<Row[]> {
  const rounds = [0, 1, 2].map(() => ours(context, name))
  context.say(`Evidently, ${name}`)
  const files = ['reference', 'current'].map(side => join(context.folder, `${name}-${side}.parquet`))
  const { output, peak } = await runCapped(python, [script('drift_evidently.py'), ...files], evidentlySeconds)
  const peer: Measured =
    output === undefined ? { seconds: evidentlySeconds, peak, values: {} } : { ...lastLine(output), peak }
  const agreement = worstDifference(rounds[0] as Measured, peer)
  const note =
    output === undefined
      ? `Evidently was stopped after ${evidentlySeconds} s: it takes longer, and needs more`
      : `values differ by at most ${agreement.toExponential(0)}`
  return [
    {
      ...{ work: `drift of all metrics, ${work}`, unit: 'ms', peerName: 'Evidently', target: { times } },
      ours: 1000 * median(rounds.map(({ seconds }) => seconds)),
      peer: 1000 * peer.seconds,
      ...{ note, ...(output === undefined ? { peerIsMore: true } : {}) },
    },
    {
      ...{ work: `its peak memory, ${work}`, unit: 'MB', peerName: 'Evidently', target: { times: 4 } },
      ours: Math.max(...rounds.map(({ peak }) => peak)) / megabyte,
      peer: peer.peak / megabyte,
      ...(output === undefined ? { peerIsMore: true } : {}),
    },
  ]
}

const methods: Readonly<Record<string, string>> = {
  jensenshannon: 'jensen_shannon_distance',
  wasserstein: 'normalized_wasserstein_distance',
  psi: 'population_stability_index',
  ks: 'two_sample_kolmogorov_smirnov_test',
  chisquare: 'chi_squared_test',
  hellinger: 'hellinger_distance',
}

/** Largest difference of a value that both give. */
function worstDifference(mine: Measured, peer: Measured): number {
  const pairs = Object.entries(peer.values).map(([key, theirs]) => {
    const [column, method = ''] = key.split(' ')
    return Math.abs((theirs ?? Number.NaN) - (mine.values[`${column} ${methods[method]}`] ?? Number.NaN))
  })
  return pairs.reduce((worst, one) => (one > worst || Number.isNaN(one) ? one : worst), 0)
}

function large(context: BenchContext): Row[] {
  if (largeRows === 0) return []
  const { seconds, peak } = ours(context, 'large')
  const work = `${largeRows.toLocaleString('en')} × 50`
  return [
    { work: `drift of all metrics, ${work}`, unit: 'ms', ours: 1000 * seconds },
    { work: `its peak memory, ${work}`, unit: 'MB', ours: peak / megabyte, target: { bound: 2048 } },
  ]
}

async function minutes({ folder, say }: BenchContext): Promise<Row[]> {
  say('a minute on a month of hourly profiles')
  const place = join(folder, 'hours')
  await mkdir(place)
  const { times } = lastLine<{ times: number[] }>(runOrFail(process.execPath, [script('drift-hours.ts'), place]))
  const [first = 0, ...rest] = times
  return [
    {
      ...{ work: 'drift of a month, one minute added', unit: 'ms', ours: median(rest), target: { bound: 200 } },
      note: `20 columns, 720 hours; the first of ten ${first.toFixed(0)} ms`,
    },
  ]
}

const lastLine = <T = Measured>(text: string): T => JSON.parse(text.trim().split('\n').at(-1) ?? '') as T

import type { Engine } from '../../engine.ts'
import { identifier } from '../../sql-text.ts'
import { type MeasuredFeature, qualityMetrics } from '../measured.ts'
import type { Feature, Side } from '../sides/side.ts'
import { sampleOf } from '../sides/side.ts'
import { lengthOf, wordsOf } from '../sides/text-tokens.ts'
import { cumulativeDistances } from '../statistics/distances.ts'
import { type Measured, normalized, withoutValue } from '../statistics/numeric-metrics.ts'
import { aucPValue, aucThreshold, rocAuc } from '../statistics/roc-auc.ts'
import { momentsOf } from '../statistics/weighted.ts'
import { sorted } from './numeric-features.ts'

/** Texts of each side that the classifier reads: every k-th of more. */
const MOST_TEXTS = 2000

/** Measures columns of prose: how long texts are, how many of their words the reference does not know, and whether a classifier tells the sides apart. */
export async function measureTexts(
  engine: Engine,
  reference: Side,
  current: Side,
  features: readonly Feature[],
): Promise<MeasuredFeature[]> {
  const measured: MeasuredFeature[] = []
  for (const { name } of features) {
    const [then, now] = [await countsOf(engine, reference, name), await countsOf(engine, current, name)]
    const empty = then.count === 0 ? 'reference' : now.count === 0 ? 'current' : undefined
    measured.push({
      feature: name,
      kind: 'text',
      metrics:
        empty === undefined
          ? await textMetrics(engine, reference, current, name)
          : withoutValue(
              ['text_length_distance', 'out_of_vocabulary_rate', 'domain_classifier_auc'],
              `the ${empty} has no value here`,
            ),
      quality: qualityMetrics({ rows: current.rows, present: now.count, nulls: now.nulls, typeErrors: 0, outside: 0 }),
      reference: then,
      current: now,
    })
  }
  return measured
}

async function countsOf(engine: Engine, { relation, rows }: Side, name: string) {
  const [found] = await engine.rows<{ n: string; d: string }>(
    `select count(${identifier(name)}) as n, count(distinct ${identifier(name)}) as d from (${relation.sql})`,
  )
  const count = Number(found?.n ?? 0)
  return { count, nulls: rows - count, infinite: 0, type_errors: 0, distinct: Number(found?.d ?? 0) }
}

async function textMetrics(engine: Engine, reference: Side, current: Side, name: string): Promise<Measured[]> {
  const lengths = async (side: Side) => {
    const [column] = await engine.numbers(`select ${lengthOf(name)} from (${side.relation.sql})`)
    const found = column ?? { values: new Float64Array(), missing: 0, infinite: 0 }
    return sorted(found, new Float64Array(found.values.length))
  }
  const [then, now] = [await lengths(reference), await lengths(current)]
  return [
    { metric: 'text_length_distance', value: normalized(cumulativeDistances(then, now).wasserstein, momentsOf(then)) },
    await outOfVocabulary(engine, reference, current, name),
    await domainClassifier(engine, reference, current, name),
  ]
}

async function outOfVocabulary(engine: Engine, reference: Side, current: Side, name: string): Promise<Measured> {
  const words = ({ relation }: Side) => `select unnest(${wordsOf(name)}) as word from (${relation.sql})`
  const [found] = await engine.rows<{ n: string; strange: string }>(
    `select count(*) as n, count(*) filter (known.word is null) as strange
     from (${words(current)}) said left join (select distinct word from (${words(reference)})) known on said.word = known.word`,
  )
  const n = Number(found?.n ?? 0)
  return n === 0
    ? { metric: 'out_of_vocabulary_rate', value: null, reason: 'there are no words' }
    : { metric: 'out_of_vocabulary_rate', value: Number(found?.strange ?? 0) / n }
}

async function domainClassifier(engine: Engine, reference: Side, current: Side, name: string): Promise<Measured> {
  const read = async (side: Side) => {
    const given = {
      ...side,
      relation: { ...side.relation, sql: `select * from (${side.relation.sql}) where ${identifier(name)} is not null` },
    }
    const found = await engine.rows<{ words: string[] }>(
      `select ${wordsOf(name)} as words from (${sampleOf(given, MOST_TEXTS)})`,
    )
    return found.map(({ words }) => [...new Set(words)])
  }
  const [then, now] = [await read(reference), await read(current)]
  if (Math.min(then.length, now.length) < 4)
    return { metric: 'domain_classifier_auc', value: null, reason: 'there are too few texts' }
  const texts = [...then, ...now]
  const target = Float64Array.from(texts, (_, i) => (i < then.length ? 0 : 1))
  const score = new Float64Array(texts.length)
  for (const fold of [0, 1]) {
    const evidence = learnt(texts, target, 1 - fold)
    for (let i = fold; i < texts.length; i += 2)
      score[i] = (texts[i] as string[]).reduce((sum, word) => sum + (evidence.get(word) ?? 0), 0)
  }
  const auc = rocAuc(
    score,
    target,
    Uint32Array.from(target, (_, i) => i),
  )
  const value = typeof auc === 'string' ? 0.5 : auc
  return {
    metric: 'domain_classifier_auc',
    value,
    p_value: aucPValue(value, then.length, now.length),
    statistic: aucThreshold(then.length, now.length),
  }
}

/**
 * What each word of every second text says for now and against then: the logarithm of how much more frequent it is there, one text added (naive
 * Bayes over the presence of words, A. McCallum and K. Nigam 1998).
 */
function learnt(texts: readonly string[][], target: Float64Array, fold: number): Map<string, number> {
  const counts = new Map<string, [number, number]>()
  const sizes = [0, 0]
  for (let i = fold; i < texts.length; i += 2) {
    const side = target[i] === 1 ? 1 : 0
    sizes[side] = (sizes[side] as number) + 1
    for (const word of texts[i] as string[]) {
      const pair = counts.get(word) ?? [0, 0]
      pair[side]++
      counts.set(word, pair)
    }
  }
  const [then = 0, now = 0] = sizes
  return new Map([...counts].map(([word, [a, b]]) => [word, Math.log(((b + 1) / (now + 2)) * ((then + 2) / (a + 1)))]))
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  dataValidationRoutes,
  type ExpectationResult,
  type Expectations,
  type ValidationReport,
} from '@hagane/contract'
import { list, requiredText, text } from '../grammar/flags.ts'
import { type Invocation, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { harmless } from '../terminal/terminal.ts'
import { namedTable, onServer } from './data-tables.ts'

const columns: readonly Column<ExpectationResult>[] = [
  ['Result', result => (result.passed ? 'passed' : 'FAILED')],
  ['Column', result => result.column ?? '(table)'],
  ['Expectation', result => result.expectation],
  ['Observed', result => result.observed],
  ['Allowed', result => result.allowed],
]

export const validate = verb({
  name: 'validate',
  summary: 'Check a table against expectations; exits with 1 when one fails',
  description: 'A local path is checked on this machine, without a server.',
  examples: [
    'hagane data validate -f expectations.yml --data flights:2',
    'hagane data validate -f expectations.yml --data ./flights.csv --junit report.xml',
  ],
  flags: {
    file: requiredText('-f, --file <path>', 'expectations in YAML'),
    data: requiredText('-d, --data <table>', 'a path, <name>:<version> of a data asset, or an azureml:// address'),
    reference: text('--reference <table>', 'what drift is measured against; wins over the file'),
    set: list('--set <assignments...>', 'change the expectations: property.path=value'),
    report: text('--report <path>', 'write the report as JSON'),
    junit: text('--junit <path>', 'write the report as JUnit XML'),
  },
  run: async (call, options) => {
    const { file, set, reference } = options
    const expectations = await loadResource(call, 'expectations', {
      file,
      set,
      overrides: { reference: referenceFrom(call, reference) },
    })
    const report = await checked(call, options.data, expectations, resolve(call.surroundings.cwd, dirname(file)))
    if (options.report !== undefined) write(call, options.report, `${JSON.stringify(report, null, 2)}\n`)
    if (options.junit !== undefined) {
      const { junitReport } = await import('@hagane/tabular')
      write(call, options.junit, junitReport(report))
    }
    await show(call, report)
    return report.passed ? 0 : 1
  },
})

/** A path in a flag is relative to the working folder, one in the file to the file. */
function referenceFrom(call: Invocation, reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined
  const table = namedTable(reference, call.surroundings.cwd, '--reference')
  return table.form === 'here' ? table.source.path : table.uri
}

async function checked(
  call: Invocation,
  data: string,
  expectations: Expectations,
  folder: string,
): Promise<ValidationReport> {
  const source = namedTable(data, call.surroundings.cwd, '--data')
  const reference =
    expectations.reference === undefined ? undefined : namedTable(expectations.reference, folder, 'reference')
  if (source.form === 'here' && reference?.form !== 'server') {
    const { runTabular } = await import('@hagane/tabular')
    const now = new Date().toISOString()
    const against = reference === undefined ? {} : { reference: reference.source }
    return runTabular({ kind: 'validate', source: source.source, expectations, now, ...against })
  }
  const against = reference === undefined ? {} : { reference: await onServer(call, reference) }
  const body = { data: await onServer(call, source), expectations: { ...expectations, ...against } }
  return call.client.call(dataValidationRoutes.validate, { body })
}

function write(call: Invocation, path: string, content: string): void {
  const file = resolve(call.surroundings.cwd, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

async function show(call: Invocation, report: ValidationReport): Promise<void> {
  if (call.globals.output === 'table') return call.print(report.results, columns)
  if (call.resultIsWanted) return call.print(report)
  const lines = report.results.flatMap(result => linesOf(result))
  const failed = report.results.filter(({ passed }) => !passed).length
  const verdict = `${report.passed ? 'passed' : 'FAILED'}: ${report.name}, ${report.results.length - failed} of ${report.results.length} expectations hold over ${report.rows} rows`
  call.surroundings.stdout.write(harmless(`${[...lines, verdict].join('\n')}\n`))
}

function linesOf(result: ExpectationResult): string[] {
  const what = `${result.column ?? 'table'}: ${result.expectation}`
  if (result.passed) return [`ok    ${what}: ${result.observed}`]
  return [
    `FAIL  ${what}: ${result.observed}; allowed: ${result.allowed}`,
    ...result.examples.map(row => `      ${JSON.stringify(row)}`),
  ]
}

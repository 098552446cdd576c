import type { ExpectationResult, ValidationReport } from '@hagane/contract'

const escapes: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' }
// XML 1.0 takes no control characters but tab and line breaks, not even escaped
const text = (value: string): string =>
  value.replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '\ufffd').replace(/[<>&"']/g, letter => escapes[letter] ?? letter)

/** The report as JUnit's XML, which CI systems show: one test case for each expectation. */
export function junitReport(report: ValidationReport): string {
  const failures = report.results.filter(({ passed }) => !passed).length
  const counts = `tests="${report.results.length}" failures="${failures}" errors="0" skipped="0"`
  const cases = report.results.map(result => testCase(report, result)).join('\n')
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
<testsuite name="${text(report.name)}" timestamp="${text(report.checked_at)}" ${counts}>
${cases}
</testsuite>
</testsuites>
`
}

function testCase(report: ValidationReport, result: ExpectationResult): string {
  const name = text(`${result.column ?? 'table'}: ${result.expectation}`)
  const open = `<testcase classname="${text(report.data)}" name="${name}"`
  if (result.passed) return `${open}/>`
  const message = text(`observed ${result.observed}; allowed ${result.allowed}`)
  const examples = text(result.examples.map(row => JSON.stringify(row)).join('\n'))
  return `${open}><failure message="${message}" type="${text(result.expectation)}">${examples}</failure></testcase>`
}

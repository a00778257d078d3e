import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { published } from '../package/packed-family.js'
import { type EntryReport, formatReport, reportExports, reportPath } from './api-report.js'

/** Returns the published entries of a package that have types, with the name they are imported as. */
function entriesOf(folder: string): [name: string, path: string][] {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
  const exports = manifest.publishConfig?.exports ?? manifest.exports
  const targets = Object.entries(exports as Record<string, string | { types: string }>)
  return targets.flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [[manifest.name + path.slice(1), join(root, 'packages', folder, target.types)] as [string, string]],
  )
}

const packages = Object.entries(published).map(([folder, name]) => ({ folder, name, entries: entriesOf(folder) }))

let reports: ReadonlyMap<string, EntryReport>
beforeAll(() => {
  const all = reportExports(new Map(packages.flatMap(({ entries }) => entries)))
  reports = new Map(all.map((report) => [report.entry, report]))
})

describe.each(packages)('$name', ({ folder, name, entries }) => {
  test('exports what its report says', () => {
    const report = formatReport(
      name,
      entries.map(([entry]) => reports.get(entry) as EntryReport),
    )
    const path = reportPath(folder)
    if (process.env.UPDATE_DOCUMENTS === '1') writeFileSync(path, report)
    const recorded = existsSync(path) ? readFileSync(path, 'utf8') : ''
    expect(recorded, 'what users can import has changed; run npm run check -- --update').toBe(report)
  })
})

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { replaceBlock } from '../scripts/replace-block.mjs'
import { drawCharts } from './draw-charts.mjs'
import { howFast } from './how-fast.mjs'
import { inShort } from './in-short.mjs'
import { toMarkdown } from './markdown.mjs'
import { readResults } from './results.mjs'
import { tablesOf } from './tables.mjs'

const page = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
const readme = fileURLToPath(new URL('../README.md', import.meta.url))
const assets = fileURLToPath(new URL('../docs/assets/', import.meta.url))

/** Writes the figures of a full run between the marks of docs/performance.md and README.md, and the charts to docs/assets. */
export async function writeReport(results) {
  mkdirSync(assets, { recursive: true })
  const charts = drawCharts(results)
  for (const { file, svg } of charts) writeFileSync(assets + file, svg)
  const tables = await tablesOf(results)
  const targets = tables.filter(({ title }) => title === 'Targets')
  const others = tables.filter(({ title }) => title !== 'Targets')
  const generated = [
    conditions(results),
    toMarkdown(targets),
    ...charts.map(({ file, title }) => `![${title}](assets/${file})\n`),
    toMarkdown(others),
  ].join('\n')
  const figures = replaceBlock(readFileSync(page, 'utf8'), 'npm run bench, in short', inShort(results))
  writeFileSync(page, replaceBlock(figures, 'npm run bench', generated.trimEnd()))
  writeFileSync(readme, replaceBlock(readFileSync(readme, 'utf8'), 'npm run bench, how fast', howFast(results)))
}

function conditions({ measuredOn, machine, versions }) {
  const list = (entries) =>
    Object.entries(entries)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')
  const { host, ...runtimes } = versions.runtimes
  return `Measured on ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}.
Runtimes: ${list(runtimes)}; the peers and @photostructure/sqlite on Node ${host}. SQLite: ${list(versions.sqlite)}.
Packages: ${list(versions.packages)}.
Dates of the parts of bench/results: ${datesOf(measuredOn)}.
`
}

/** `npm run bench -- --update` measures only some parts again, so they have different dates. */
function datesOf(measuredOn) {
  const parts = {}
  for (const [part, { oldest, newest }] of Object.entries(measuredOn)) {
    const dates = oldest === newest ? newest : `${oldest} to ${newest}`
    parts[dates] = [...(parts[dates] ?? []), part]
  }
  return Object.entries(parts)
    .map(([dates, names]) => `${dates} (${names.join(', ')})`)
    .join('; ')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeReport(readResults('full'))

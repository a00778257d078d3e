import '../scripts/end-with-reader.mjs'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProcess } from '../scripts/run-process.mjs'
import { readOptions } from './options.mjs'
import { cells, trialNames } from './plan.mjs'
import { printTables } from './print.mjs'
import { runtimes } from './runtimes.mjs'
import { selfTime } from './self-time.mjs'
import { workFolder } from './work-folder.mjs'

const child = fileURLToPath(new URL('profiled-child.mjs', import.meta.url))
const DURATION_MS = 2_000
const SHOWN = 8

const { filter } = readOptions()
const wanted = (text) => filter.length === 0 || filter.some((part) => text.includes(part))

for (const trial of trialNames) {
  for (const cell of cells.slice(0, 4)) {
    for (const inFlight of [1, 100]) {
      const title = `${trial}, ${cell.name}, ${inFlight} in flight`
      if (wanted(title)) printTables([await profileOf(title, trial, cell, inFlight)])
    }
  }
}

/** @param {import('./plan.mjs').Cell} cell */
async function profileOf(title, trial, { engine, runtime }, inFlight) {
  const folder = mkdtempSync(join(workFolder(), 'profile-'))
  try {
    const task = JSON.stringify({ engine, trial, inFlight, duration: DURATION_MS })
    const args = ['--cpu-prof', `--cpu-prof-dir=${folder}`, child, task]
    const { exitCode, output } = await runProcess(runtimes[runtime], args)
    if (exitCode !== 0) throw new Error(`${title} failed:\n${output}`)
    const [file] = readdirSync(folder)
    const times = selfTime(JSON.parse(readFileSync(join(folder, file), 'utf8')))
    return {
      title: `${title}: ${Number(output.trim()).toLocaleString('en')} calls/s`,
      head: ['self time', 'function'],
      rows: times.slice(0, SHOWN).map(({ where, share }) => [`${(share * 100).toFixed(1)} %`, where]),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import { Disk } from './disk.js'
import { type Recorded, readRecording } from './recording.js'

const run = promisify(execFile)
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** The findings in the images of one recording. */
export interface Findings {
  cuts: number
  /** Cuts that lost acknowledged writes. */
  lossyCuts: number
  /** The most acknowledged writes that one cut lost. */
  mostLost: number
  /** Cuts after which an earlier write was missing and a later one was there. */
  gaps: number
  /** SQLite's errors for images that it could not read or found damaged. */
  damaged: string[]
}

export async function recordWriter(
  engine: EngineUnderTest,
  recorder: string,
  folder: string,
  durability: 'power' | 'process',
  rounds: number,
): Promise<Recorded[]> {
  const log = `${folder}.log`
  const env = { ...process.env, LD_PRELOAD: recorder, RECORDER_FOLDER: `${folder}/`, RECORDER_LOG: log }
  await run(process.execPath, [here('writer.mjs'), engine.module.href, folder, durability, String(rounds)], { env })
  return readRecording(log)
}

/** Cuts the power at random points of a recording and reads every image that may be left. */
export async function cutPower(
  engine: EngineUnderTest,
  events: readonly Recorded[],
  folder: string,
  cuts: number,
  random: () => number,
): Promise<Findings> {
  const first = events.findIndex(({ type }) => type === 'acknowledge')
  const points = Array.from({ length: cuts }, () => first + Math.floor(random() * (events.length - first)))
  points.sort((a, b) => a - b)
  const findings: Findings = { cuts, lossyCuts: 0, mostLost: 0, gaps: 0, damaged: [] }
  const disk = new Disk()
  let applied = 0
  for (const [index, point] of points.entries()) {
    for (; applied <= point; applied++) disk.apply(events[applied] as Recorded)
    const image = join(folder, `cut-${index}`)
    disk.leave(image, random)
    await inspect(engine, join(image, 'app.db'), disk.acknowledged, findings)
    rmSync(image, { recursive: true })
  }
  return findings
}

async function inspect(engine: EngineUnderTest, file: string, acknowledged: number, findings: Findings): Promise<void> {
  const handle = await engine.openHandle(file)
  try {
    const [check] = await engine.rows(handle, 'PRAGMA integrity_check')
    if (check?.integrity_check !== 'ok') findings.damaged.push(JSON.stringify(check))
    const { count, highest } = await written(engine, handle)
    if (count !== highest) findings.gaps++
    const lost = acknowledged - highest
    if (lost > 0) findings.lossyCuts++
    findings.mostLost = Math.max(findings.mostLost, lost)
  } catch (error) {
    findings.damaged.push(String(error))
  } finally {
    await engine.closeHandle(handle)
  }
}

/** Returns the number of the writer's rows and the highest number; zeros if the table is missing. */
async function written(engine: EngineUnderTest, handle: object): Promise<{ count: number; highest: number }> {
  const tables = await engine.rows(handle, "SELECT 1 FROM sqlite_master WHERE name = 'go_goscope_idempotency'")
  if (tables.length === 0) return { count: 0, highest: 0 }
  const [row] = await engine.rows(
    handle,
    'SELECT count(*) AS count, coalesce(max(CAST(substr(key, 5) AS INTEGER)), 0) AS highest FROM go_goscope_idempotency',
  )
  return { count: Number(row?.count), highest: Number(row?.highest) }
}

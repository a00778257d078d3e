import { setTimeout as delay } from 'node:timers/promises'
import type { CheckpointedTaskContext } from 'go-go-scope'
import type { CityRow, CityTable } from './database/city-table.ts'
import type { RegionLookup } from './region-lookup.ts'
import type { Report } from './report/event.ts'
import type { City } from './source/cities.ts'
import { cityRow } from './source/city-row.ts'

const HANG_LIMIT_MS = 60_000

interface Job {
  cities: readonly City[]
  table: Pick<CityTable, 'write' | 'count'>
  regionsOf: RegionLookup
  /** Cities per batch. */
  batchSize: number
  /** Pause after each batch in ms. */
  pause: number
  /** Percent; see {@link hang}. */
  hangAfter: number | undefined
  report: Report
}

/**
 * The body of the job: imports all cities batch by batch, starting at the last checkpoint.
 *
 * Each city ends up in the table exactly once. A batch and its checkpoint are two commits, so a process can die between
 * them: the rows are stored, but the checkpoint is not. The next process then writes that batch again. That is harmless,
 * because a row's id is its position in the source and the write is an upsert, so the same values replace the same rows.
 * The other order, checkpoint first, would lose the batch. The verification at the end does not rely on this reasoning; it
 * compares the table with the source.
 */
export async function importBatches(
  { signal, checkpoint, progress }: CheckpointedTaskContext<object, { done: number }>,
  job: Job,
): Promise<{ cities: number }> {
  const { cities, table, regionsOf, batchSize, pause, hangAfter, report } = job
  const total = cities.length
  const from = checkpoint.data?.done ?? 0
  const rows = await table.count()
  if (from > 0 || rows > 0) report({ type: 'resuming', checkpoint: from, rows, total })
  const started = performance.now()
  for (let done = from; done < total; ) {
    // On cancellation, the previous batch and its checkpoint are complete.
    signal.throwIfAborted()
    const batch = cities.slice(done, done + batchSize)
    await table.write(await rowsOf(batch, done, regionsOf))
    done += batch.length
    if (hangAfter !== undefined && done >= (hangAfter / 100) * total) {
      await hang(report, { done, checkpoint: done - batch.length }, signal)
    }
    progress.update((100 * done) / total)
    await checkpoint.save({ done })
    report({ type: 'progress', done, from, total, elapsed: performance.now() - started })
    if (pause > 0) await delay(pause, undefined, { signal })
  }
  return { cities: total }
}

/** @param start The position of the batch's first city. */
async function rowsOf(batch: readonly City[], start: number, regionsOf: RegionLookup): Promise<CityRow[]> {
  const regions: Record<string, string> = {}
  for (const country of new Set(batch.map((city) => city.country))) Object.assign(regions, await regionsOf(country))
  return batch.map((city, index) => cityRow(city, start + index, regions[`${city.country}.${city.admin1}`]))
}

/**
 * Hangs between a batch and its checkpoint, which is the worst moment, so that the demonstration can kill the process
 * there.
 */
async function hang(report: Report, state: { done: number; checkpoint: number }, signal: AbortSignal): Promise<void> {
  report({ type: 'hanging', ...state })
  await delay(HANG_LIMIT_MS, undefined, { signal })
  throw new Error(`still alive ${HANG_LIMIT_MS / 1000} s after the moment to be killed at`)
}

import { setTimeout as delay } from 'node:timers/promises'
import { cityRow } from './source/city-row.mjs'

const HANG_LIMIT_MS = 60_000

/**
 * The body of the job: every city, batch by batch, from where the last checkpoint is.
 *
 * Exactly once. A batch and its checkpoint are two commits, so a process can die between them: the rows are in the table
 * and the checkpoint does not know. The next process then writes that batch again. That is harmless, because a row's id
 * is its place in the source and writing is an upsert: the second writing puts the same values over the same rows. The
 * other order, checkpoint first, would lose the batch for good. So each city is written at least once, and is in the
 * table exactly once; the verification at the end does not trust this argument but compares with the source.
 *
 * @param {import('go-go-scope').CheckpointedTaskContext<object, { done: number }>} context
 * @param {object} job
 * @param {readonly import('./source/cities.mjs').City[]} job.cities
 * @param {{ write(rows: readonly import('./database/city-table.mjs').CityRow[]): Promise<void>, count(): Promise<number> }} job.table
 * @param {(country: string) => Promise<Record<string, string>>} job.regionsOf
 * @param {number} job.batchSize cities
 * @param {number} job.pause ms after every batch
 * @param {number | undefined} job.hangAfter percent; see {@link hang}
 * @param {import('./report/event.mjs').Report} job.report
 */
export async function importBatches({ signal, checkpoint, progress }, job) {
  const { cities, table, regionsOf, batchSize, pause, hangAfter, report } = job
  const total = cities.length
  const from = checkpoint.data?.done ?? 0
  const rows = await table.count()
  if (from > 0 || rows > 0) report({ type: 'resuming', checkpoint: from, rows, total })
  const started = performance.now()
  for (let done = from; done < total; ) {
    // Cancelled: the batch before this one and its checkpoint are complete.
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

/**
 * @param {readonly import('./source/cities.mjs').City[]} batch
 * @param {number} start place of its first city
 * @param {(country: string) => Promise<Record<string, string>>} regionsOf
 */
async function rowsOf(batch, start, regionsOf) {
  /** @type {Record<string, string>} */
  const regions = {}
  for (const country of new Set(batch.map((city) => city.country))) Object.assign(regions, await regionsOf(country))
  return batch.map((city, index) => cityRow(city, start + index, regions[`${city.country}.${city.admin1}`]))
}

/**
 * Stops dead between a batch and its checkpoint, the worst moment there is, so that the demonstration can kill the
 * process just there.
 *
 * @param {import('./report/event.mjs').Report} report
 * @param {{ done: number, checkpoint: number }} state
 * @param {AbortSignal} signal
 */
async function hang(report, state, signal) {
  report({ type: 'hanging', ...state })
  await delay(HANG_LIMIT_MS, undefined, { signal })
  throw new Error(`still alive ${HANG_LIMIT_MS / 1000} s after the moment to be killed at`)
}

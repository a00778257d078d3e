import { type Scope, scope } from 'go-go-scope'
import type { Arguments } from './arguments.mjs'
import { type CityTable, createCityTable } from './database/city-table.ts'
import { type Database, openDatabase } from './database/open-database.ts'
import { choosePlace, type Place } from './database/place.ts'
import { importBatches } from './import-batches.ts'
import { moveToServer } from './move-to-server.ts'
import { regionLookup } from './region-lookup.ts'
import type { Report } from './report/event.ts'
import { type City, loadCities } from './source/cities.ts'
import { RegionService } from './source/region-service.ts'
import { verify } from './verify.ts'

const LOCK_TTL_MS = 30_000

interface Surroundings {
  report: Report
  interrupted: AbortSignal
}

type Work = Arguments & { cities: City[]; taskId: string }

/**
 * One run of the import: acquires the lock, continues from the last checkpoint, verifies, and prints a summary.
 *
 * @returns the exit code: 0 verified or nothing to do; 1 the verification failed; 130 interrupted
 */
export async function runImport(options: Arguments, { report, interrupted }: Surroundings): Promise<number> {
  const place = await choosePlace(options)
  const explained = <Opened>(opening: Promise<Opened>): Promise<Opened> =>
    opening.catch(async (error) => {
      if (!interrupted.aborted) await place.explain()
      throw error
    })
  const root = scope({
    name: 'import',
    signal: interrupted,
    persistence: { lock: place.lock },
  })
  try {
    // Before the database is opened, because the holder of the lock may delete the file.
    const guard = await explained(acquire(root))
    if (guard === undefined) {
      report({ type: 'locked' })
      return 0
    }
    if (options.fresh) await place.remove()
    if (options.moveFrom !== undefined) await move(options.moveFrom, place, report)
    const database = await explained(openDatabase(place))
    try {
      // Aborts with the import, and when the lock is lost.
      const job = root.createChild({ name: 'cities', persistence: database.adapter, signal: guard.signal })
      return await importAndVerify(job, database, options, report, interrupted)
    } finally {
      await database.close()
    }
  } finally {
    // Releases the lock too.
    await root[Symbol.asyncDispose]()
  }
}

async function acquire(root: Scope) {
  try {
    return await root.acquireLock({ key: 'import', ttl: LOCK_TTL_MS }).acquire({ timeout: 0 })
  } catch (error) {
    if (/timed out/.test(String(error))) return undefined
    throw error
  }
}

async function move(file: string, place: Place, report: Report): Promise<void> {
  const engine = await place.open()
  try {
    report({ type: 'moved', ...(await moveToServer(file, await createCityTable(engine))) })
  } finally {
    await engine.close()
  }
}

async function importAndVerify(
  job: Scope,
  database: Database,
  options: Arguments,
  report: Report,
  interrupted: AbortSignal,
): Promise<number> {
  const { adapter, cities: table } = database
  const { cities, edition } = await loadCities(options)
  report({
    type: 'started',
    engine: database.engineName,
    runtime: runtime(),
    file: database.placeName,
    cities: cities.length,
  })

  // The edition of the list is part of every name, because another list is another job.
  const taskId = `import ${edition}`
  // Not the task's own `idempotency` option, because its key is claimed for 30 s at a time. After a kill the next process
  // would have to wait for that, and the lock already excludes other processes. A process that dies before this entry is
  // written imports everything again, over the same rows.
  if ((await adapter.idempotency.get(taskId)) !== null) {
    report({ type: 'already-imported' })
  } else {
    if (!(await importAll(job, database, { ...options, cities, taskId }, report, interrupted))) return 130
    await adapter.idempotency.set(taskId, true)
  }

  const verification = await verify(cities, table)
  if (interrupted.aborted) {
    report({ type: 'note', text: 'Stopped. The import itself is complete.' })
    return 130
  }
  if (verification.exact) await summarize(job, table, edition, report)
  report({ type: 'verified', ...verification })
  return verification.exact ? 0 : 1
}

/** Imports all cities. @returns `false` if interrupted */
async function importAll(
  job: Scope,
  { adapter, cities: table }: Database,
  work: Work,
  report: Report,
  interrupted: AbortSignal,
): Promise<boolean> {
  const service = new RegionService()
  let opened = 0
  const regionsOf = regionLookup({ scope: job, cache: adapter.cache, service, onOpen: () => opened++ })
  let from = 0
  let body: Promise<{ cities: number }> | undefined
  const [error] = await job.resumeTask<{ cities: number }, { done: number }>(
    work.taskId,
    (context) => {
      body = importBatches(context, { ...work, table, regionsOf, report })
      return body
    },
    {
      checkpoint: {
        onResume: (checkpoint) => {
          from = checkpoint.data.done
        },
      },
    },
  )
  // A cancelled task settles at once, but its function still finishes the batch, which needs the open database.
  await body?.catch(() => undefined)
  const total = work.cities.length
  if (interrupted.aborted) {
    const checkpoint = await adapter.loadLatest(work.taskId)
    const { done = 0 } = (checkpoint?.data ?? {}) as { done?: number }
    report({ type: 'stopped', done, total })
    return false
  }
  if (error !== undefined) throw error
  const { hits } = await adapter.cache.stats()
  const { calls, failures } = service
  report({ type: 'imported', from, total, lookups: { calls, failures, opened, cached: hits } })
  return true
}

async function summarize(job: Scope, table: CityTable, edition: string, report: Report): Promise<void> {
  let stored = true
  const [error, summary] = await job.task(
    () => {
      stored = false
      return table.summarize()
    },
    { idempotency: { key: `summary ${edition}` } },
  )
  if (error !== undefined) throw error
  report({ type: 'summary', stored, ...summary })
}

function runtime(): string {
  const { bun, node } = process.versions
  return bun === undefined ? `Node ${node}` : `Bun ${bun}`
}

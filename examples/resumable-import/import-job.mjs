import { scope } from 'go-go-scope'
import { createCityTable } from './database/city-table.mjs'
import { openDatabase } from './database/open-database.mjs'
import { choosePlace } from './database/place.mjs'
import { importBatches } from './import-batches.mjs'
import { moveToServer } from './move-to-server.mjs'
import { regionLookup } from './region-lookup.mjs'
import { loadCities } from './source/cities.mjs'
import { RegionService } from './source/region-service.mjs'
import { verify } from './verify.mjs'

const LOCK_TTL_MS = 30_000

/**
 * One run of the import: takes the lock, goes on from the last checkpoint, verifies, sums up.
 *
 * @param {import('./arguments.mjs').Arguments} options
 * @param {{ report: import('./report/event.mjs').Report, interrupted: AbortSignal }} surroundings
 * @returns {Promise<number>} exit code: 0 verified, or nothing to do here; 1 the verification failed; 130 interrupted
 */
export async function runImport(options, { report, interrupted }) {
  const place = await choosePlace(options)
  /**
   * @template Opened
   * @param {Promise<Opened>} opening
   */
  const explained = (opening) =>
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
    // Before the database is opened: the holder of the lock may even delete the file.
    const guard = await explained(acquire(root))
    if (guard === undefined) {
      report({ type: 'locked' })
      return 0
    }
    if (options.fresh) await place.remove()
    if (options.moveFrom !== undefined) await move(options.moveFrom, place, report)
    const database = await explained(openDatabase(place))
    try {
      // Cancelled with the import, and when the lock is lost.
      const job = root.createChild({ name: 'cities', persistence: database.adapter, signal: guard.signal })
      return await importAndVerify(job, database, options, report, interrupted)
    } finally {
      await database.close()
    }
  } finally {
    // Releases the lock.
    await root[Symbol.asyncDispose]()
  }
}

/** @param {import('go-go-scope').Scope} root */
async function acquire(root) {
  try {
    return await root.acquireLock({ key: 'import', ttl: LOCK_TTL_MS }).acquire({ timeout: 0 })
  } catch (error) {
    if (/timed out/.test(String(error))) return undefined
    throw error
  }
}

/**
 * @param {string} file
 * @param {import('./database/place.mjs').Place} place
 * @param {import('./report/event.mjs').Report} report
 */
async function move(file, place, report) {
  const engine = await place.open()
  try {
    report({ type: 'moved', ...(await moveToServer(file, await createCityTable(engine))) })
  } finally {
    await engine.close()
  }
}

/**
 * @param {import('go-go-scope').Scope} job
 * @param {Awaited<ReturnType<typeof openDatabase>>} database
 * @param {import('./arguments.mjs').Arguments} options
 * @param {import('./report/event.mjs').Report} report
 * @param {AbortSignal} interrupted
 */
async function importAndVerify(job, database, options, report, interrupted) {
  const { adapter, cities: table } = database
  const { cities, edition } = await loadCities(options)
  report({
    type: 'started',
    engine: database.engineName,
    runtime: runtime(),
    file: database.placeName,
    cities: cities.length,
  })

  // The list's edition is part of every name: another list is another job.
  const taskId = `import ${edition}`
  // Not the task's own `idempotency` option: a key of that is claimed for 30 s at a time, which the next process would
  // have to wait out after a kill, and the lock has already excluded every other process. A process that dies
  // before this line is written imports everything once more, over itself.
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

/**
 * @param {import('go-go-scope').Scope} job
 * @param {Awaited<ReturnType<typeof openDatabase>>} database
 * @param {import('./arguments.mjs').Arguments & { cities: import('./source/cities.mjs').City[], taskId: string }} work
 * @param {import('./report/event.mjs').Report} report
 * @param {AbortSignal} interrupted
 * @returns {Promise<boolean>} false when it was interrupted
 */
async function importAll(job, { adapter, cities: table }, work, report, interrupted) {
  const service = new RegionService()
  let opened = 0
  const regionsOf = regionLookup({ scope: job, cache: adapter.cache, service, onOpen: () => opened++ })
  let from = 0
  /** @type {Promise<unknown> | undefined} */
  let body
  const [error] = await job.resumeTask(
    work.taskId,
    /** @param {import('go-go-scope').CheckpointedTaskContext<object, { done: number }>} context */
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
  // A cancelled task settles at once; its function still finishes its batch, which needs the open database.
  await body?.catch(() => undefined)
  const total = work.cities.length
  if (interrupted.aborted) {
    const checkpoint = await adapter.loadLatest(work.taskId)
    const { done = 0 } = /** @type {{ done?: number }} */ (checkpoint?.data ?? {})
    report({ type: 'stopped', done, total })
    return false
  }
  if (error !== undefined) throw error
  const { hits } = await adapter.cache.stats()
  const { calls, failures } = service
  report({ type: 'imported', from, total, lookups: { calls, failures, opened, cached: hits } })
  return true
}

/**
 * @param {import('go-go-scope').Scope} job
 * @param {{ summarize(): Promise<import('./report/event.mjs').Summary> }} table
 * @param {string} edition
 * @param {import('./report/event.mjs').Report} report
 */
async function summarize(job, table, edition, report) {
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

function runtime() {
  const { bun, node } = process.versions
  return bun === undefined ? `Node ${node}` : `Bun ${bun}`
}

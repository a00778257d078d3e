import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineProcess } from '@go-go-scope/persistence-conformance/process'
import { engines } from '../../scripts/engines.mjs'
import { runtimes } from '../runtimes.mjs'
import { median } from '../statistics.mjs'
import { workFolder } from '../work-folder.mjs'

const bench = fileURLToPath(new URL('..', import.meta.url))

/** Returns µs by operation and number of rows. @param {import('../plan.mjs').Cell} cell @param {number[]} sizes */
export async function measureRows(cell, sizes) {
  const folder = mkdtempSync(join(workFolder(), 'rows-'))
  const child = start(cell, 'rows.mjs', { engine: cell.engine, path: join(folder, 'rows.db'), sizes })
  const microseconds = {}
  try {
    for (const size of sizes) {
      for (const [operation, cost] of Object.entries((await child.said()).microseconds)) {
        microseconds[operation] ??= {}
        microseconds[operation][size] = cost
      }
    }
  } finally {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  return microseconds
}

/**
 * Returns acquire and release per second by number of locks held, and bytes per held lock.
 *
 * @param {import('../plan.mjs').Cell} cell
 * @param {string} contestant
 * @param {number[]} sizes
 */
export async function measureLocks(cell, contestant, sizes, { runs, duration }) {
  const child = start(cell, 'locks.mjs', { engine: cell.engine, contestant, sizes, runs, duration })
  const rates = {}
  try {
    for (const size of sizes) rates[size] = (await child.said()).rate
    return { rates, bytes: (await child.said()).bytes }
  } finally {
    await child.kill()
  }
}

/**
 * Returns acquires of new names per second in each run, by contestant (ours, a bare Map) and number of locks held.
 *
 * @param {import('../plan.mjs').Cell} cell
 * @param {number} runs
 */
export async function measureFreshLocks(cell, runs) {
  const task = { engine: cell.engine, sizes: [1, 1_000_000], fresh: 200_000, runs }
  const child = start(cell, 'fresh-locks.mjs', task)
  try {
    return await child.said()
  } finally {
    await child.kill()
  }
}

/**
 * Returns µs of CPU time by operation, of our adapter and of the same code without channels; see channels.mjs.
 *
 * @param {import('../plan.mjs').Cell} cell
 * @param {number} runs
 */
export async function measureChannels(cell, runs) {
  const { package: folder } = Object.values(engines).find(({ module }) => module === cell.engine)
  const child = start(cell, 'channels.mjs', { engine: cell.engine, frontEnd: `@go-go-scope/${folder}`, runs })
  try {
    return await child.said()
  } finally {
    await child.kill()
  }
}

/**
 * Returns how late timers fire during 100 loops of awaited reads, and the part of the rate that is kept; see turns.mjs.
 *
 * @param {import('../plan.mjs').Cell} cell
 */
export async function measureTurns(cell, { runs, duration }) {
  const child = start(cell, 'turns.mjs', { engine: cell.engine, loops: 100, runs, duration })
  try {
    return await child.said()
  } finally {
    await child.kill()
  }
}

/**
 * Returns the seconds of removing `size` expired rows, and the ms that reads wait meanwhile.
 *
 * @param {import('../plan.mjs').Cell} cell
 * @param {number} size
 */
export async function measureSweep(cell, size) {
  const folder = mkdtempSync(join(workFolder(), 'sweep-'))
  const child = start(cell, 'sweep.mjs', { engine: cell.engine, path: join(folder, 'sweep.db'), size })
  try {
    return { size, ...(await child.said()) }
  } finally {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Returns how long backups and other ways to copy a file take, and what they cost other processes; see copies.mjs.
 *
 * @param {import('../plan.mjs').Cell} cell
 */
export async function measureCopies(cell, effort) {
  const folder = mkdtempSync(join(workFolder(), 'copies-'))
  const child = start(cell, 'copies.mjs', { engine: cell.engine, path: join(folder, 'app.db'), ...effort })
  try {
    return await child.said()
  } finally {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Returns the cost of a standby's log and the speed of a standby; see standby.mjs.
 *
 * @param {import('../plan.mjs').Cell} cell
 */
export async function measureStandby(cell, { rows, runs, duration }) {
  const folder = mkdtempSync(join(workFolder(), 'standby-'))
  const child = start(cell, 'standby.mjs', { engine: cell.engine, folder, rows, runs, duration })
  try {
    return await child.said()
  } finally {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Compares one owner and its clients with other ways, and measures an engine in its own thread; see threads/measure.mjs.
 *
 * @param {import('../plan.mjs').Cell} cell
 */
export async function measureThreads(cell, { runs, duration, rows }) {
  const folder = mkdtempSync(join(workFolder(), 'threads-'))
  const child = start(cell, '../threads/measure.mjs', { engine: cell.engine, folder, runs, duration, rows })
  try {
    return { rows, ...(await child.said()) }
  } finally {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the bytes that `calls` operations leave in the heap, and the peak of memory above the start. */
export async function measureMemory(cell, contestant, calls) {
  const child = start(cell, 'memory.mjs', {
    engine: cell.engine,
    contestant: join(bench, 'contestants', `${contestant}.mjs`),
    calls,
  })
  try {
    return await child.said()
  } finally {
    await child.kill()
  }
}

/** Returns the ms of a whole process: empty, with the engine alone, with our adapter on it. @param {import('../plan.mjs').Cell} cell */
export async function measureStart(cell, runs) {
  const times = { nothing: [], engine: [], ours: [] }
  for (let run = 0; run < runs + 1; run++) {
    for (const [what, samples] of Object.entries(times)) {
      const began = performance.now()
      const child = new LineProcess({
        runtime: runtimes[cell.runtime],
        args: [join(bench, 'growth/start.mjs'), cell.engine, what],
        stderr: 'inherit',
      })
      const { code } = await child.ended
      if (code !== 0) throw new Error(`start of ${what} on ${cell.name} failed; its message is above`)
      // The first process fills the page cache.
      if (run > 0) samples.push(performance.now() - began)
    }
  }
  return Object.fromEntries(Object.entries(times).map(([what, samples]) => [what, median(samples)]))
}

function start(cell, script, task) {
  return new LineProcess({
    name: `${script} on ${cell.name}`,
    runtime: runtimes[cell.runtime],
    args: ['--expose-gc', join(bench, 'growth', script), JSON.stringify(task)],
    stderr: 'inherit',
  })
}

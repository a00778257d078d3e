// open-and-close.mjs <engine> <path> <rounds>: opens and closes with calls in flight, closes twice, makes late calls, prints what
// is left as one line of JSON, and ends by itself.
import { readdirSync, readlinkSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = '', rounds] = processArguments
const IN_FLIGHT = 20

/** Descriptors of the database and its sidecars. */
function openFiles() {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(path)
    } catch {
      // The descriptor that listed the folder is closed by now.
      return false
    }
  }).length
}

let written = 0
let late = 0
/** @type {unknown[]} */
const wrong = []
for (let round = 0; round < Number(rounds); round++) {
  const locks = round % 2 === 0 ? 'process' : 'database'
  const adapter = await engine.SQLiteAdapter.open(path, { locks, durability: 'process', sweepInterval: 50 })
  await adapter.lock.acquire('job', 60_000)
  const inFlight = Array.from({ length: IN_FLIGHT }, (_, at) =>
    at % 3 === 0
      ? adapter.cache.set(`k${at}`, round)
      : at % 3 === 1
        ? adapter.recordFailure('api', 5)
        : adapter.stats(),
  )
  const closing = [adapter.disconnect(), adapter.disconnect()]
  const tooLate = adapter.cache.set('late', round)
  const [flown, closed, last] = await Promise.all(
    [inFlight, closing, [tooLate]].map((works) => Promise.allSettled(/** @type {Promise<unknown>[]} */ (works))),
  )
  written += flown?.filter(({ status }) => status === 'fulfilled').length ?? 0
  if (closed?.some(({ status }) => status === 'rejected')) wrong.push('a disconnect was refused')
  const [refused] = last ?? []
  if (refused?.status === 'rejected' && refused.reason.code === 'CLOSED') late++
  else wrong.push(refused)
}
const sidecars = readdirSync(dirname(path)).filter((name) => name !== basename(path))
say({ written, late, wrong, sidecars, openFiles: openFiles() })

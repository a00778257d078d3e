// subject.mjs <engine> <folder>: an order `point <kind> <errno> <at> <calls>` opens the file, writes and closes it while the file
// system fails from its at-th call on, and answers with the acknowledged writes and the error codes.
import { join } from 'node:path'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'
import { faultArmer } from './arm-faults.mjs'
import { writeMixed } from './write-mixed.mjs'

const [folder = ''] = processArguments
const path = join(folder, 'app.db')
const arm = await faultArmer(folder)
let points = 0

await takeOrders(async ([, kind, errno, at, calls]) => {
  const point = ++points
  const fault = /** @type {const} */ ([/** @type {'w' | 's'} */ (kind), Number(errno)])
  /** @type {import('./write-mixed.mjs').Outcomes} */
  const outcomes = { acknowledged: [], codes: [] }
  arm(...fault, Number(at), Number(calls))
  let adapter = await engine.SQLiteAdapter.open(path).catch((error) => {
    outcomes.codes.push(error.code ?? String(error))
    return undefined
  })
  if (adapter !== undefined) await writeMixed(adapter, `${point}`, outcomes)
  const failed = arm('w', 0, 0, 0)

  // The disk works again: the same adapter continues and has lost nothing.
  const codesMeanwhile = outcomes.codes.length
  adapter ??= await engine.SQLiteAdapter.open(path)
  await writeMixed(adapter, `${point}-after`, outcomes)
  if (outcomes.codes.length > codesMeanwhile) throw new Error(`not usable again: ${outcomes.codes.at(-1)}`)

  // Closing moves the WAL into the file, which may fail as well.
  arm(...fault, 1 + (point % 4), Number(calls))
  await adapter.disconnect().catch((error) => outcomes.codes.push(error.code ?? String(error)))
  return { ...outcomes, failed: failed + arm('w', 0, 0, 0) }
})

// node writer.mjs <engine module> <folder> <durability> <rounds>: writes rounds of idempotency results and acknowledges
// each round once it was awaited. Ends without closing: what a checkpoint at the end would save is not the question.
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const [module = '', folder = '', durability = '', rounds] = process.argv.slice(2)
const { engine } = await import(module)
const acknowledge = await acknowledger()
const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'), { durability, ...engine.openOptions })

const CALLS_PER_ROUND = [1, 10, 1, 3]
let number = 0
for (let round = 0; round < Number(rounds); round++) {
  const calls = Array.from({ length: CALLS_PER_ROUND[round % CALLS_PER_ROUND.length] ?? 1 }, () => ++number)
  await Promise.all(calls.map((call) => adapter.idempotency.set(`key-${call}`, { call, padding: 'x'.repeat(200) })))
  acknowledge(number)
}
process.exit(0)

/** @returns {Promise<(last: number) => unknown>} */
async function acknowledger() {
  if (process.versions.bun === undefined) {
    const file = openSync(join(folder, 'acknowledgements'), 'a')
    return (last) => writeSync(file, `${last}\n`)
  }
  // Bun writes past libc, so the recorder is told directly.
  const { dlopen, FFIType } = await import('bun:ffi')
  const { symbols } = dlopen(process.env.LD_PRELOAD ?? '', {
    recorder_acknowledge: { args: [FFIType.u32], returns: FFIType.void },
  })
  return (last) => symbols.recorder_acknowledge(last)
}

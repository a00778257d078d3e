// node writer.mjs <engine module> <folder> <durability> <rounds>: writes rounds of idempotency results and acknowledges each
// round when its writes are acknowledged. Ends without closing, because the proof is not about the checkpoint of a close.
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
  // Bun bypasses libc, so the recorder is called directly.
  const { dlopen, FFIType } = await import('bun:ffi')
  const { symbols } = dlopen(process.env.LD_PRELOAD ?? '', {
    recorder_acknowledge: { args: [FFIType.u32], returns: FFIType.void },
  })
  return (last) => symbols.recorder_acknowledge(last)
}

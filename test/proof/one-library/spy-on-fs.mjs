// spy-on-fs.mjs <engine> <path>: uses adapters while all opens through node:fs are recorded. Prints, as one line of JSON, those
// of the database and its sidecars, and whether such an open would have been recorded.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { say } from '@go-go-scope/persistence-conformance/process'

const path = process.argv[3] ?? ''
/** @type {string[]} */
let opened = []

/** @param {string} name @param {unknown} target */
function note(name, target) {
  if (String(target).startsWith(path)) opened.push(`${name} ${String(target).slice(path.length)}`)
}

/** @param {Record<string, unknown>} module @param {string} prefix */
function spy(module, prefix) {
  for (const name of Object.keys(module)) {
    const real = module[name]
    if (!/^(open|readFile|writeFile|appendFile|copyFile|cp|truncate|create\w+Stream)/.test(name)) continue
    if (typeof real !== 'function') continue
    module[name] = function (/** @type {unknown[]} */ ...args) {
      const result = real.apply(this, args)
      // A refused open has opened nothing, for example creating an existing file.
      if (result instanceof Promise)
        result.then(
          () => note(prefix + name, args[0]),
          () => undefined,
        )
      else note(prefix + name, args[0])
      return result
    }
  }
}
spy(/** @type {Record<string, unknown>} */ (/** @type {unknown} */ (fs)), '')
spy(/** @type {Record<string, unknown>} */ (/** @type {unknown} */ (fs.promises)), 'promises.')
syncBuiltinESMExports()

// Imported only now, so that its imports bind to the spies.
const { openAndClose } = await import('./spied-control.mjs')
const { engine } = await import('../process/engine-of-process.mjs')

const HURRY = 50
const clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  setTimer(/** @type {() => void} */ callback, /** @type {number} */ delay) {
    const timer = setTimeout(callback, delay / HURRY)
    return () => clearTimeout(timer)
  },
}
// Creates the missing file.
const first = await engine.SQLiteAdapter.open(path, { clock })
const second = await engine.SQLiteAdapter.open(path, { clock, locks: 'database' })
const third = new engine.SQLiteAdapter(/** @type {never} */ (await engine.openHandle(path)), {
  keyPrefix: 'third:',
  clock,
})
for (const adapter of [first, second, third]) {
  await adapter.cache.set('k', 1)
  await adapter.lock.acquire('k', 1_000)
  await adapter.idempotency.claim('k', { lease: 1_000 })
  await adapter.recordFailure('k', 1)
  await adapter.prune()
  await adapter.stats()
}
// The adapters check every second, by their clock, whether the file is still the same.
await new Promise((resolve) => setTimeout(resolve, 100))
await Promise.all([second.disconnect(), third.disconnect()])
const whileOpen = opened
opened = []
await openAndClose(path)
// Diagnostics are reported in a later turn.
await new Promise((resolve) => setTimeout(resolve, 1))
const control = opened
await first.disconnect()
say({ whileOpen, control })

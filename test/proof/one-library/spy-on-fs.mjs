// spy-on-fs.mjs <engine> <path>: uses adapters while everything that opens a file through node:fs is written down, and says
// as one line of JSON what opened the database or its sidecars meanwhile, and whether it would have seen such a call.
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
      // What is refused has opened nothing: making a file that is there already, for example.
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

// Only now, so that every import binds to the spies.
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
// The file is missing, so this makes it.
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
// The file is looked at every second of the adapters' clock, whether it is still the same.
await new Promise((resolve) => setTimeout(resolve, 100))
await Promise.all([second.disconnect(), third.disconnect()])
const whileOpen = opened
opened = []
await openAndClose(path)
// Told in a later turn, as all that is promised.
await new Promise((resolve) => setTimeout(resolve, 1))
const control = opened
await first.disconnect()
say({ whileOpen, control })

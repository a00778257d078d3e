// A process that does one thing with an engine in a thread and returns without disconnecting.
const [, , module, path, what] = process.argv
const { engine } = await import(/** @type {string} */ (module))
const adapter = await engine.SQLiteAdapter.open(path, { worker: true, readers: 1, durability: 'process' })
await adapter.set('begun', 1)
await adapter.keys()
if (what === 'rest') {
  // The thread is idle, so it must not keep the process alive.
} else if (what === 'write') {
  // Not awaited: an unanswered write keeps the process alive.
  void adapter.set('written', what)
} else {
  // Each answer is followed by another call.
  const again = async (/** @type {number} */ n) => {
    for (let at = 0; ; at++) await adapter.set(`k${n}-${at}`, 'x'.repeat(1_000))
  }
  for (let n = 0; n < 50; n++) void again(n)
  void adapter.keys()
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.exit(7)
}

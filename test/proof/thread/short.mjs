// A process that does one thing with an engine in a thread and returns, without disconnecting.
const [, , module, path, what] = process.argv
const { engine } = await import(/** @type {string} */ (module))
const adapter = await engine.SQLiteAdapter.open(path, { worker: true, readers: 1, durability: 'process' })
await adapter.set('begun', 1)
await adapter.keys()
if (what === 'rest') {
  // The thread is idle: nothing but that would keep the process alive.
} else if (what === 'write') {
  // Not awaited: a write that is out keeps the process until it is answered.
  void adapter.set('written', what)
} else {
  // Calls are out, of which more follow each answer.
  const again = async (/** @type {number} */ n) => {
    for (let at = 0; ; at++) await adapter.set(`k${n}-${at}`, 'x'.repeat(1_000))
  }
  for (let n = 0; n < 50; n++) void again(n)
  void adapter.keys()
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.exit(7)
}

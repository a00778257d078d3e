import type { AdapterUnderTest } from './engine-under-test.js'
import type { World } from './world.js'

/** Lets `ms` pass in steps, with real time for work that a timer started. */
export async function pass(world: World, adapter: AdapterUnderTest, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    world.clock.advance(100)
    // Queued after the extension, so it settles after the extension.
    if (adapter.isConnected()) await adapter.cache.has('anything')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

import type { AdapterUnderTest, OptionsUnderTest } from './engine-under-test.js'
import { realTimers } from './real-timers.js'
import type { World } from './world.js'

/**
 * Returns an adapter on the world's file, for a test with a standby. A follower writes into its source now and then from
 * another thread, so other writers must be able to wait. A clock that stands still does not allow that.
 */
export async function followedSource(world: World, options: OptionsUnderTest = {}): Promise<AdapterUnderTest> {
  const adapter = await world.adapter({ clock: realTimers(world.clock.now), ...options })
  await world.rows('PRAGMA busy_timeout = 10000')
  return adapter
}

import type { AdapterUnderTest, OptionsUnderTest } from './engine-under-test.js'
import { realTimers } from './real-timers.js'
import type { World } from './world.js'

/**
 * An adapter on the file of the world that is going to be followed. A follower writes into its source now and then, from
 * another thread: whoever writes there must be able to wait, for which a clock that stands still will not do.
 */
export async function followedSource(world: World, options: OptionsUnderTest = {}): Promise<AdapterUnderTest> {
  const adapter = await world.adapter({ clock: realTimers(world.clock.now), ...options })
  await world.rows('PRAGMA busy_timeout = 10000')
  return adapter
}

import { expect } from 'vitest'
import { answerTo, greeting } from './raw-client.js'
import type { ServedWorld } from './served-world.js'

const MOST_CALLS = 4_096
const FLOOD = 10_000
/** Operations: a statement that runs once, and the rows of one; see protocol.ts. */
const [QUERY, ROWS] = [5, 6]
const PIECE = 1_000

/** Checks the limits for a client's calls that wait at the owner, and for answers that are sent to a client that reads none. */
export async function checkCredits(world: ServedWorld): Promise<void> {
  const owner = await world.open(':memory:')
  const server = world.serve(owner)
  try {
    const client = await world.connect(server.createPort())
    let left = FLOOD
    const flood = Array.from({ length: FLOOD }, (_, n) => client.cache.set(`k${n}`, n).then(() => left--))
    let most = 0
    while (left > 0) {
      most = Math.max(most, server.clients()[0]?.calls ?? 0)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(flood)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(MOST_CALLS)
    await client.disconnect()

    const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n'
    const [greeted, asked] = [server.createPort(), server.createPort()] as never[]
    const said = await answerTo(asked as never, await greeting(greeted as never), [QUERY, 'raw', rows, 0])
    // Follows the shape of the rows, which has a name.
    const [, , , , word, , hasMore, count] = said
    expect([word, hasMore, count]).toEqual([ROWS, 1, PIECE])
    expect(said).toHaveLength(9 + PIECE)
    expect(
      server.clients().map(({ calls }) => calls),
      'the rest waits for its word',
    ).toEqual([1])
  } finally {
    await server.close()
    await owner.disconnect()
  }
}

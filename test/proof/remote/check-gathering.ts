import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { commitsIn } from './commits-in.js'
import type { ServedWorld } from './served-world.js'

const CLIENTS = 4
const ROUNDS = 5

/** Checks that durable writes of several clients that arrive within one turn of the owner share a commit. */
export async function checkGathering(world: ServedWorld): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gathering-'))
  const path = join(folder, 'app.db')
  const owner = await world.open(path)
  const server = world.serve(owner)
  try {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => world.connect(server.createPort())))
    const write = (round: number) => Promise.all(clients.map(({ cache }, at) => cache.set(`k${at}`, round)))
    await write(0)
    const before = commitsIn(path)
    for (let round = 1; round <= ROUNDS; round++) await write(round)
    expect(commitsIn(path) - before).toBeLessThanOrEqual(ROUNDS)
    await Promise.all(clients.map((client) => client.disconnect()))
  } finally {
    await server.close()
    await owner.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

import { ManualClock } from '@go-go-scope/persistence-conformance'
import type { PersistenceServer, TransferablePort } from '@go-go-scope/persistence-core/remote'
import fc from 'fast-check'
import { proofCount } from '../proof-count.js'
import type { AnyAdapter, ServedWorld } from '../remote/served-world.js'
import { unexplained } from './explain.js'
import { type Answers, CLIENTS, type Leaving, type Round, rounds } from './history.js'
import { Participant, type Stores } from './participant.js'

/** Below the limits of the tests, so that a history that hangs is reported. */
const HANGING_MS = proofCount({ inTests: 500_000, inSoak: 1_500_000 })

/** The owner and its clients, which make the calls of a history. */
class Clients {
  readonly #world: ServedWorld
  readonly #clock: ManualClock
  readonly #server: PersistenceServer
  readonly #ports: TransferablePort[] = []
  readonly #adapters: AnyAdapter[]
  readonly #participants: Participant[]

  static async of(world: ServedWorld): Promise<Clients> {
    const clock = new ManualClock()
    const clients = new Clients(world, clock, await world.open(':memory:', clock))
    for (let who = 1; who <= CLIENTS; who++) await clients.#enter(who)
    return clients
  }

  private constructor(world: ServedWorld, clock: ManualClock, owner: AnyAdapter) {
    this.#world = world
    this.#clock = clock
    this.#server = world.serve(owner)
    this.#adapters = [owner]
    this.#participants = [new Participant(owner as unknown as Stores)]
  }

  async run({ bursts, wait, leaves }: Round): Promise<Answers> {
    const answers = await Promise.all(
      bursts.map((burst, who) => Promise.all(burst.map((call) => this.#participants[who]?.make(call)))),
    )
    for (const participant of this.#participants) participant.endRound()
    this.#clock.advance(wait)
    if (leaves !== undefined) {
      await this.#leave(leaves.who, leaves.how)
      await this.#enter(leaves.who)
    }
    return answers
  }

  async end(): Promise<void> {
    await this.#server.close()
    for (const adapter of this.#adapters) await adapter.disconnect()
  }

  async #enter(who: number): Promise<void> {
    const port = this.#server.createPort()
    const adapter = await this.#world.connect(port, this.#clock)
    this.#ports[who] = port
    this.#adapters[who] = adapter
    this.#participants[who] = new Participant(adapter as unknown as Stores)
  }

  async #leave(who: number, how: Leaving['how']): Promise<void> {
    if (how === 'disconnects') await this.#adapters[who]?.disconnect()
    else {
      this.#ports[who]?.close()
      while (this.#server.clients().length === CLIENTS) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Checks that some order explains any calls of three clients and the owner. @throws Error with a history without one. */
export async function checkHistories(world: ServedWorld, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(rounds, async (history) => {
      const clients = await Clients.of(world)
      try {
        const answers: Answers[] = []
        for (const round of history) answers.push(await clients.run(round))
        const found = await unexplained(history, answers)
        if (found !== undefined) throw new Error(`no order explains round ${found}: ${JSON.stringify(answers[found])}`)
      } finally {
        await clients.end()
      }
    }),
    { numRuns: runs, interruptAfterTimeLimit: HANGING_MS, markInterruptAsFailure: true },
  )
}

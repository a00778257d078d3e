import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../../cells/cell.js'
import { Company } from '../process/company.js'
import { mixedMembers } from '../process/members.js'
import { ProofProcess } from '../process/proof-process.js'

/** A key that a process claimed before it was killed. */
export interface Seized {
  key: string
  generation: number
  /** Epoch ms before the claim was requested. */
  from: number
  /** Epoch ms of the end of its lease, as the claim said. */
  until: number
}

/** What one process got for a key and, if it did the work itself, how. */
export interface Worked {
  key: string
  value: unknown
  /** `begun` is epoch ms. */
  ran?: { begun: number; generation: number; recorded: boolean }
}

/** The outcome of one round in which several processes want the work of the same keys. */
export interface Round {
  keys: string[]
  seized: Seized[]
  /** The outcomes of the processes that were not killed. */
  worked: Worked[]
  errors: unknown[]
  /** How often the work of each key was begun, by any process. */
  begun: Map<string, number>
}

export interface Orders {
  way: 'work' | 'unclaimed'
  keys: number
  /** Adds two processes: one is killed while it holds claims for `lease` ms, the other `after` ms into its work. */
  kill?: { lease: number; after: number }
}

const PATIENCE_MS = 60_000
const script = new URL('claimant.mjs', import.meta.url)

/** Processes that take part in several rounds on one file, half of them of the other kind of runtime. */
export class Claimants {
  readonly #path: string
  readonly #company: Company
  #round = 0

  private constructor(path: string, company: Company) {
    this.#path = path
    this.#company = company
  }

  static async start(path: string, workers: number): Promise<Claimants> {
    return new Claimants(path, await Company.start(mixedMembers(workers), script, [path]))
  }

  /** Has all processes request the work of the same new keys. */
  round({ way, keys, kill }: Orders): Promise<Round> {
    const number = this.#round++
    const victims = kill === undefined ? [] : mixedMembers(2).map((one) => new ProofProcess(one, script, [this.#path]))
    return withProcesses(victims, async () => {
      await Promise.all(victims.map((one) => one.ready()))
      const [seizer, doomed] = victims
      const seized = (await seizer?.ask<Seized[]>(`seize ${number} ${keys} ${kill?.lease}`)) ?? []
      doomed?.send(`work ${number} ${keys} ${kill?.lease}`)
      const answers = this.#company.askAll<{ worked: Worked[]; errors: unknown[] }>(
        `${way} ${number} ${keys} ${PATIENCE_MS}`,
      )
      seizer?.signal('SIGKILL')
      if (kill !== undefined) await pause(kill.after)
      doomed?.signal('SIGKILL')
      const outcomes = await answers
      const worked = outcomes.flatMap((one) => one.worked)
      const errors = outcomes.flatMap((one) => one.errors)
      const begun = await countBegun(this.#path, number)
      return { keys: [...new Set(worked.map(({ key }) => key))], seized, worked, errors, begun }
    })
  }

  end(): Promise<void> {
    return this.#company.end()
  }
}

async function countBegun(path: string, round: number): Promise<Map<string, number>> {
  const prefix = `round-${round}-key-`
  const handle = await engine.openHandle(path)
  const rows = await engine.rows(handle, 'SELECT key, failure_count FROM go_goscope_circuit')
  await engine.closeHandle(handle)
  const counts = rows.map(({ key, failure_count }) => [String(key), Number(failure_count)] as const)
  return new Map(
    counts.flatMap(([key, count]) => (key.includes(prefix) ? [[key.slice(key.indexOf(prefix)), count]] : [])),
  )
}

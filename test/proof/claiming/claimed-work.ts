import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../../cells/cell.js'
import { otherMember, thisMember } from '../process/members.js'
import { ProofProcess } from '../process/proof-process.js'

/** A key that a process claimed and took to its grave. */
export interface Seized {
  key: string
  generation: number
  /** Epoch ms, before it was asked for. */
  from: number
  /** Epoch ms at which its lease ends, as it was told. */
  until: number
}

/** What one process got for a key, and how it came by it when it did the work itself. */
export interface Worked {
  key: string
  value: unknown
  /** `begun` is epoch ms. */
  ran?: { begun: number; generation: number; recorded: boolean }
}

/** What came of one round in which several processes wanted the work of the same keys done. */
export interface Round {
  keys: string[]
  seized: Seized[]
  /** By those that were not killed. */
  worked: Worked[]
  errors: unknown[]
  /** How often the work of each key was begun, by anybody. */
  begun: Map<string, number>
}

export interface Crowd {
  /** Of each kind of runtime, half. */
  workers: number
  keys: number
  /** ms; of those that get killed. */
  lease: number
}

const PATIENCE_MS = 60_000
const script = new URL('claimant.mjs', import.meta.url)

/** Starts processes that live for as many rounds as `body` asks for. */
export async function withClaimants<T>(
  path: string,
  { workers, keys, lease }: Crowd,
  body: (round: (number: number, way: 'work' | 'unclaimed', kill?: () => number) => Promise<Round>) => Promise<T>,
): Promise<T> {
  const start = (_: unknown, index: number) =>
    new ProofProcess(index % 2 === 0 ? thisMember : otherMember, script, [path])
  const all = Array.from({ length: workers }, start)
  return withProcesses(all, async () => {
    await Promise.all(all.map((one) => one.next()))
    const answer = await body(async (number, way, killAfter) => {
      const victims = killAfter === undefined ? [] : Array.from({ length: 2 }, start)
      return withProcesses(victims, async () => {
        await Promise.all(victims.map((one) => one.next()))
        // One dies holding what it claimed, the other in the midst of its work.
        const [seizer, doomed] = victims
        const seized = (await seizer?.ask<Seized[]>(`seize ${number} ${keys} ${lease}`)) ?? []
        doomed?.send(`work ${number} ${keys} ${lease}`)
        const answers = all.map((one) =>
          one.ask<{ worked: Worked[]; errors: unknown[] }>(`${way} ${number} ${keys} ${PATIENCE_MS}`),
        )
        seizer?.signal('SIGKILL')
        if (killAfter !== undefined) await pause(killAfter())
        doomed?.signal('SIGKILL')
        const outcomes = await Promise.all(answers)
        const worked = outcomes.flatMap((one) => one.worked)
        const errors = outcomes.flatMap((one) => one.errors)
        const begun = await countBegun(path, number)
        return { keys: [...new Set(worked.map(({ key }) => key))], seized, worked, errors, begun }
      })
    })
    for (const one of all) {
      const ending = await one.dismiss()
      if (ending.code !== 0 || ending.stderr !== '') throw new Error(`a claimant ended with ${JSON.stringify(ending)}`)
    }
    return answer
  })
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

import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import type { Member } from '../process/members.js'
import { ProofProcess } from '../process/proof-process.js'

/** One admission, with the epoch ms between which it was asked for and given. */
export interface Admitted {
  from: number
  to: number
  /** The name of the probe's place; `null` where the circuit was closed. */
  probe: string | null
}

/** Starts a process for each of `members`, for as long as `body` takes, and has each end by itself. */
export async function withProbers<T>(
  path: string,
  members: readonly Member[],
  body: (all: ProofProcess[]) => Promise<T>,
): Promise<T> {
  const all = members.map((member) => new ProofProcess(member, new URL('prober.mjs', import.meta.url), [path]))
  return withProcesses(all, async () => {
    await Promise.all(all.map((one) => one.next()))
    const answer = await body(all)
    for (const one of all) {
      if (one.over) continue
      const ending = await one.dismiss()
      if (ending.code !== 0 || ending.stderr !== '') throw new Error(`a prober ended with ${JSON.stringify(ending)}`)
    }
    return answer
  })
}

/** Gives every process the order and all their answers. */
export function askAll<T>(all: readonly ProofProcess[], order: string): Promise<T[]> {
  return Promise.all(all.map((one) => one.ask<T>(order)))
}

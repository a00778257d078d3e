import { type LineProcess, withProcesses } from '@go-go-scope/persistence-conformance/process'
import type { Member } from './members.js'
import { ProofProcess } from './proof-process.js'

/** Processes that several tests of a file ask, one test after the other: to start one takes as long as most of them do. */
export class Company {
  readonly all: readonly ProofProcess[]

  private constructor(all: readonly ProofProcess[]) {
    this.all = all
  }

  /** Starts a process for each of `members`. Resolves when all are ready for orders. */
  static async start(members: readonly Member[], script: URL, args: readonly string[] = []): Promise<Company> {
    const all = members.map((member) => new ProofProcess(member, script, args))
    try {
      await Promise.all(all.map((one) => one.ready()))
    } catch (error) {
      await killAll(all)
      throw error
    }
    return new Company(all)
  }

  /** Gives every process the order, or an order of its own, and all their answers. */
  askAll<T>(order: string | ((at: number) => string)): Promise<T[]> {
    return Promise.all(this.all.map((one, at) => one.ask<T>(typeof order === 'string' ? order : order(at))))
  }

  /** Lets each end by itself. @throws Error where one does not do so with the exit code 0 and in silence. */
  end(): Promise<void> {
    return withProcesses(this.all, async () => {
      for (const one of this.all) {
        const ending = await one.dismiss()
        if (ending.code !== 0 || ending.stderr !== '') throw new Error(`a process ended: ${JSON.stringify(ending)}`)
      }
    })
  }
}

async function killAll(all: readonly LineProcess[]): Promise<void> {
  await Promise.all(all.map((one) => one.kill()))
}

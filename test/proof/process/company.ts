import { type LineProcess, OVER } from '@go-go-scope/persistence-conformance/process'
import type { Member } from './members.js'
import { ProofProcess } from './proof-process.js'

const PARTICIPANT = new URL('participant.mjs', import.meta.url)

/** A process and the scripts that it has run. */
interface Participant {
  readonly process: ProofProcess
  readonly scripts: Set<string>
}

/** Idle processes by kind, reused by all files of a run because starting one takes as long as most tests. */
const idle = new Map<string, Participant[]>()

function idleOf({ runtime, module }: Member): Participant[] {
  const kind = `${runtime} ${module}`
  const those = idle.get(kind) ?? []
  idle.set(kind, those)
  return those
}

/** Has an idle or new process of that kind run the script. Resolves when it is ready for orders. */
async function participate(member: Member, script: URL, args: readonly string[]): Promise<Participant> {
  const those = idleOf(member)
  const at = those.findIndex(({ scripts }) => !scripts.has(script.href))
  const [known] = at < 0 ? [] : those.splice(at, 1)
  const { process, scripts } = known ?? { process: new ProofProcess(member, PARTICIPANT), scripts: new Set<string>() }
  try {
    if (known === undefined) await process.ready()
    process.keepAlive(true)
    process.send([script.href, ...args].join(' '))
    await process.ready()
  } catch (error) {
    await process.kill()
    throw error
  }
  return { process, scripts: scripts.add(script.href) }
}

/** Processes for several tests of a file, one test after another. The next file reuses them. */
export class Company {
  readonly all: readonly ProofProcess[]
  readonly #participants: readonly Participant[]
  readonly #members: readonly Member[]

  private constructor(participants: readonly Participant[], members: readonly Member[]) {
    this.all = participants.map(({ process }) => process)
    this.#participants = participants
    this.#members = members
  }

  /** Has a process of each member kind run the script. Resolves when all are ready for orders. */
  static async start(members: readonly Member[], script: URL, args: readonly string[] = []): Promise<Company> {
    const started = await Promise.allSettled(members.map((member) => participate(member, script, args)))
    const participants = started.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    const failed = started.find((one) => one.status === 'rejected')
    if (failed === undefined) return new Company(participants, members)
    await killAll(participants.map(({ process }) => process))
    throw failed.reason
  }

  /** Sends every process the order, or its own order, and returns all answers. */
  askAll<T>(order: string | ((at: number) => string)): Promise<T[]> {
    return Promise.all(this.all.map((one, at) => one.ask<T>(typeof order === 'string' ? order : order(at))))
  }

  /** Lets each script end by itself. @throws Error if one fails or prints an error. */
  async end(): Promise<void> {
    try {
      await this.askAll(OVER)
      for (const [at, participant] of this.#participants.entries()) {
        const { process } = participant
        if (process.errors !== '') throw new Error(`a process said: ${process.errors}`)
        process.keepAlive(false)
        idleOf(this.#members[at] as Member).push(participant)
      }
    } catch (error) {
      await killAll(this.all)
      throw error
    }
  }
}

/** Lets all idle processes end by themselves. @throws Error if one does not exit with 0 or prints an error. */
export async function dismissIdle(): Promise<void> {
  const all = [...idle.values()].flat().map(({ process }) => process)
  idle.clear()
  for (const one of all) one.keepAlive(true)
  for (const ending of await Promise.all(all.map((one) => one.dismiss()))) {
    if (ending.code !== 0 || ending.stderr !== '') throw new Error(`a process ended: ${JSON.stringify(ending)}`)
  }
}

async function killAll(all: readonly LineProcess[]): Promise<void> {
  await Promise.all(all.map((one) => one.kill()))
}

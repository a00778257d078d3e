import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../../cells/cell.js'
import { type Member, mixedMembers } from '../process/members.js'
import { makePlace } from '../process/new-place.js'
import { ProofProcess } from '../process/proof-process.js'

const TTL_MS = 80
const PAUSED_PART = 0.12
const KILLED_PART = 0.04

/** The outcome of contention for a lock between processes that were stopped and killed. */
export interface Contention {
  /** Tokens in the order in which the grants were reported. */
  granted: number[]
  /** Tokens whose writes were acknowledged. */
  acknowledged: number[]
  /** Tokens in the order in which they were written. */
  journal: number[]
  /** Refused writes, because the lease had ended, and whether the signal of the handle had aborted too. */
  refusals: { aborted: boolean }[]
  pauses: number
  kills: number
}

/** Returns the number of writes after a write of a later grant. */
export function overtaken(journal: readonly number[]): number {
  return journal.filter((token, at) => journal.slice(0, at).some((earlier) => earlier > token)).length
}

/** Lets `processes` acquire the lock until it was granted `grants` times; stops and kills them at random meanwhile. */
export async function contend(
  path: string,
  way: 'fenced' | 'unfenced',
  { processes, grants }: { processes: number; grants: number },
  random: () => number,
): Promise<Contention> {
  await makePlace(path)
  const handle = await engine.openHandle(path)
  await engine.rows(handle, 'CREATE TABLE journal (at INTEGER PRIMARY KEY AUTOINCREMENT, token INTEGER NOT NULL)')
  await engine.closeHandle(handle)
  const contention: Contention = { granted: [], acknowledged: [], journal: [], refusals: [], pauses: 0, kills: 0 }
  const started: ProofProcess[] = []
  const start = async (member: Member) => {
    const script = new URL('holder.mjs', import.meta.url)
    const holder = new ProofProcess(member, script, [path, way, TTL_MS])
    started.push(holder)
    await holder.next()
    return holder
  }

  async function contendAs(member: Member): Promise<void> {
    let holder = await start(member)
    while (contention.granted.length < grants) {
      const token = await holder.ask<number>('take the lock')
      contention.granted.push(token)
      const fate = random()
      if (fate < KILLED_PART) {
        contention.kills++
        holder.signal('SIGKILL')
        await holder.ended
        holder = await start(member)
        continue
      }
      if (fate < KILLED_PART + PAUSED_PART) await pauseProcess(holder, contention, random)
      const outcome = await holder.next<{ value: { wrote: boolean; aborted: boolean } } | { error: string }>()
      if (outcome === undefined || 'error' in outcome) throw new Error(`a holder failed: ${JSON.stringify(outcome)}`)
      if (outcome.value.wrote) contention.acknowledged.push(token)
      else contention.refusals.push({ aborted: outcome.value.aborted })
    }
    const { code, stderr } = await holder.dismiss()
    if (code !== 0 || stderr !== '') throw new Error(`a holder ended with ${code}: ${stderr}`)
  }

  await withProcesses(started, async () => {
    await Promise.all(mixedMembers(processes).map(contendAs))
  })
  contention.journal = await readJournal(path)
  return contention
}

async function pauseProcess(holder: ProofProcess, contention: Contention, random: () => number): Promise<void> {
  contention.pauses++
  holder.signal('SIGSTOP')
  await pause(TTL_MS * (1 + 2 * random()))
  holder.signal('SIGCONT')
}

async function readJournal(path: string): Promise<number[]> {
  const handle = await engine.openHandle(path)
  const rows = await engine.rows(handle, 'SELECT token FROM journal ORDER BY at')
  await engine.closeHandle(handle)
  return rows.map(({ token }) => Number(token))
}

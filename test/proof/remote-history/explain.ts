import { isDeepStrictEqual } from 'node:util'
import { ManualClock, referenceProviders } from '@go-go-scope/persistence-conformance'
import { type Answers, type Call, CLIENTS, KEYS, type Round } from './history.js'
import { Participant, type Stores } from './participant.js'

/** An event in an order: a call of a participant, or the end of a round. */
type Happened = { readonly who: number; readonly call: Call } | { readonly end: Round }

/**
 * Searches for one order of all calls that explains every answer. It keeps the order of each participant's calls, and places a
 * call after all calls that were answered before it was made. The reference makes the calls one by one.
 *
 * @returns the number of the first round that no order explains, or `undefined`.
 */
export async function unexplained(rounds: readonly Round[], answers: readonly Answers[]): Promise<number | undefined> {
  let deepest = 0
  // Orders that lead to the same state explain the same later answers.
  const tried = new Set<string>()
  const fits = async (number: number, before: readonly Happened[], made: readonly number[]): Promise<boolean> => {
    const round = rounds[number]
    if (round === undefined) return true
    deepest = Math.max(deepest, number)
    let isOver = true
    for (const [who, burst] of round.bursts.entries()) {
      const at = made[who] ?? 0
      const call = burst[at]
      if (call === undefined) continue
      isOver = false
      const now = [...before, { who, call }]
      const { answer, left } = await replay(now)
      if (!isDeepStrictEqual(answer, answers[number]?.[who]?.[at])) continue
      const next = made.with(who, at + 1)
      const reached = JSON.stringify([number, next, left])
      if (tried.has(reached)) continue
      tried.add(reached)
      if (await fits(number, now, next)) return true
    }
    return isOver && fits(number + 1, [...before, { end: round }], beginning)
  }
  const beginning = (rounds[0]?.bursts ?? []).map(() => 0)
  return (await fits(0, [], beginning)) ? undefined : deepest
}

/**
 * Replays all events from the beginning, because the reference cannot undo a call.
 *
 * @returns the answer of the last call, and everything that can be read then.
 */
async function replay(all: readonly Happened[]): Promise<{ answer: unknown; left: unknown }> {
  const clock = new ManualClock()
  const stores = referenceProviders(clock) as unknown as Stores
  const participants = Array.from({ length: CLIENTS + 1 }, () => new Participant(stores))
  let answer: unknown
  for (const one of all) {
    if ('call' in one) {
      answer = await participants[one.who]?.make(one.call)
      continue
    }
    const { wait, leaves } = one.end
    for (const participant of participants) participant.endRound()
    clock.advance(wait)
    if (leaves !== undefined) {
      await participants[leaves.who]?.giveBack()
      participants[leaves.who] = new Participant(stores)
    }
  }
  const reader = participants[0] as Participant
  const read = KEYS.flatMap((key) =>
    (['get', 'stored', 'state'] as const).map((name) => reader.make({ do: name, key })),
  )
  const held = participants.map((participant) => participant.holds())
  return { answer, left: await Promise.all([...read, ...held]) }
}

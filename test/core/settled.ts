import type { ManualClock } from '@go-go-scope/persistence-conformance'

/** Moves the clock in one step, as for a process that is held up meanwhile, and lets everything run that this sets off. */
export async function advance(clock: ManualClock, ms: number): Promise<void> {
  clock.pass(ms)
  clock.advance(0)
  await settled()
}

/** Lets everything run that waits for no timer of the clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

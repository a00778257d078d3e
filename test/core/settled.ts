import type { ManualClock } from '@go-go-scope/persistence-conformance'

/** Moves the clock in one step, as after a pause of the process, and runs everything that this triggers. */
export async function advance(clock: ManualClock, ms: number): Promise<void> {
  clock.pass(ms)
  clock.advance(0)
  await settled()
}

/** Runs everything that does not wait for a timer of the clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

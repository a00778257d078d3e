import type { Session } from './session.js'
import type { Sweeper } from './sweeper.js'

/**
 * Prunes every `interval` while `session` is connected. Does not keep the process alive.
 *
 * @param interval ms; `undefined` for never.
 */
export function pruneRegularly(session: Session, interval: number | undefined, sweepers: readonly Sweeper[]): void {
  if (interval === undefined) return
  let cancel: (() => void) | undefined

  const run = async (): Promise<void> => {
    try {
      for (const sweeper of sweepers) await sweeper.prune()
    } catch (error) {
      if (session.ready) session.diagnostics.backgroundError('prune', error)
    }
    schedule()
  }
  const schedule = (): void => {
    if (session.ready) cancel = session.clock.setTimer(() => void run(), interval)
  }

  session.onReady(schedule)
  session.onEnd(() => cancel?.())
}

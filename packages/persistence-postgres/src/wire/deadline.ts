import { systemClock } from '@go-go-scope/persistence-core/dialect'

/**
 * What `work` comes to, or else what `late` gives after `ms`.
 *
 * @param late May throw. What it gives is waited for in the place of `work`, whose end is of no concern any more.
 */
export function within<T>(ms: number, work: Promise<T>, late: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.setTimer(() => resolve(late()), ms, { keepAlive: true })
    work.then(resolve, reject).finally(cancel)
  })
}

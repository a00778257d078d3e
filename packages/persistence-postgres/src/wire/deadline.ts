import { systemClock } from '@go-go-scope/persistence-core/dialect'

/**
 * Returns the result of `work`, or that of `late` if `work` takes longer than `ms`.
 *
 * @param late May reject. Once it is called, the result of `work` is ignored.
 */
export function within<T>(ms: number, work: Promise<T>, late: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.setTimer(() => resolve(late()), ms, { keepAlive: true })
    work.then(resolve, reject).finally(cancel)
  })
}

import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

const LONGEST_WAIT_MS = 5_000

/** Resolves on the first SIGINT or SIGTERM. A second signal ends the process. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const heard = (): void => {
      resolve()
      // Not `once`: the library that redraws the terminal ends the process by a signal that has no other listener at that moment.
      setImmediate(() => {
        for (const signal of SIGNALS) process.off(signal, heard)
      })
    }
    for (const signal of SIGNALS) process.on(signal, heard)
  })
}

/**
 * Runs work that leaves nothing behind when its signal aborts, which it does on the first SIGINT or SIGTERM. If the work fails then,
 * the process ends as by that signal, so that a shell sees why, unless an app that called `run` listens to it.
 */
export async function untilInterrupted<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController()
  const heard = (signal: NodeJS.Signals): void => stop.abort(signal)
  for (const signal of SIGNALS) process.once(signal, heard)
  try {
    return await work(stop.signal).finally(() => {
      for (const signal of SIGNALS) process.off(signal, heard)
    })
  } catch (error) {
    const { aborted, reason } = stop.signal
    if (aborted && process.listenerCount(reason) === 0) {
      // A thread whose engine is busy keeps the process alive, and removes its file when the engine is done. An app that called `run`
      // may keep the process alive for good, so the wait has a limit. On Bun the await of `run` itself keeps it alive.
      if (process.versions.bun === undefined)
        await Promise.race([once(process, 'beforeExit'), setTimeout(LONGEST_WAIT_MS, undefined, { ref: false })])
      process.kill(process.pid, reason)
    }
    throw error
  }
}

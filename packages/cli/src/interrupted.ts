const SIGNALS = ['SIGINT', 'SIGTERM'] as const

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

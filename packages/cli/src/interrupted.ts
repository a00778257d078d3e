/** Resolves on the first SIGINT or SIGTERM. A second signal ends the process. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, function heard() {
        resolve()
        // Not `once`: the library that redraws the terminal ends the process by a signal that has no other listener at that moment.
        setImmediate(() => process.off(signal, heard))
      })
    }
  })
}

/**
 * Returns what all installed copies of this package share in this thread: a process may have several. It is on a global symbol.
 *
 * @param name Ends with the version of the shape, because the copies may be of different releases.
 * @param make Makes it for the first copy.
 */
export function ofAllCopies<Shared extends object>(name: string, make: () => Shared): Shared {
  const symbol = Symbol.for(name)
  const thread = globalThis as { [symbol]?: Shared }
  thread[symbol] ??= make()
  return thread[symbol]
}

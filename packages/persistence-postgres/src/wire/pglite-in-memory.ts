import type { PgliteLike } from './pglite.js'

interface Instance extends PgliteLike {
  dumpDataDir(compression: 'none'): Promise<Blob>
}

/** The class of `@electric-sql/pglite`. */
type PgliteClass = new (options?: { loadDataDir: Blob }) => Instance

let made = 0
/** The data folder of one that had just been made, 39 MB; `undefined` where it could not be read. */
let template: Promise<Blob | undefined> | undefined

/**
 * A new database in memory. To make one takes seconds of the processor, of which most is saved from the third one of a
 * process on, as test suites make them: those begin as copies of the second. A process that makes one keeps no template.
 */
export async function newInMemory(PGlite: PgliteClass): Promise<PgliteLike> {
  if (++made === 1) return new PGlite()
  if (template !== undefined) {
    const loadDataDir = await template
    return loadDataDir === undefined ? new PGlite() : new PGlite({ loadDataDir })
  }
  const instance = new PGlite()
  // Not before it is ready: it would never answer. Connecting tells why it did not start.
  template = instance.waitReady.then(() => instance.dumpDataDir('none')).catch(() => undefined)
  await template
  return instance
}

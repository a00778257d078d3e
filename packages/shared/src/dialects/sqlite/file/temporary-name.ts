import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { HOST, isAlive } from '../../../processes/numbered-processes.js'

const NAME = /^\.go-goscope-([0-9a-f]{8})-(\d+)-[0-9a-f-]{36}\.partial(-journal|-wal|-shm)?$/

/** Returns a unique path for a file that this process will remove. */
export function temporaryPath(folder: string): string {
  return join(folder, `.go-goscope-${HOST}-${process.pid}-${randomUUID()}.partial`)
}

/** Returns whether a name is that of such a file, or of one beside it, from a dead process of this host. */
export function isLeftBehind(name: string): boolean {
  const [, host, pid] = NAME.exec(name) ?? []
  return host === HOST && !isAlive(Number(pid))
}

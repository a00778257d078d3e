import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { HOST, isAlive } from '../../../processes/numbered-processes.js'

const NAME = /^\.go-goscope-([0-9a-f]{8})-(\d+)-[0-9a-f-]{36}\.partial(-journal|-wal|-shm)?$/

/** A path that no other file has, of a file that this process removes again. */
export function temporaryPath(folder: string): string {
  return join(folder, `.go-goscope-${HOST}-${process.pid}-${randomUUID()}.partial`)
}

/** Whether a name is of such a file, or of one beside it, of a process of this host that has died. */
export function isLeftBehind(name: string): boolean {
  const [, host, pid] = NAME.exec(name) ?? []
  return host === HOST && !isAlive(Number(pid))
}

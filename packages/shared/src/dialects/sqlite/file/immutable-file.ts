import { access, constants, stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { PersistenceError, type PersistenceErrorCode } from '../../../errors/persistence-error.js'
import { isOpenElsewhere } from './process-view.js'

/** Returns the URI under which an engine reads the file without locks, without its WAL, and without checks for changes. */
export function immutableUri(path: string): string {
  return `${pathToFileURL(path).href}?immutable=1`
}

/** Returns whether this process can read the file. An engine that then cannot open the URI does not support URIs. */
export async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK)
    return true
  } catch {
    return false // The engine's error explains why.
  }
}

export function takesNoUri(path: string, engine: string, { cause }: PersistenceError): PersistenceError {
  return new PersistenceError(
    'ENGINE_UNSUPPORTED',
    'open',
    `open ${path}: this version of ${engine} takes no URI, by which a file is opened with immutable: true; update it ` +
      '(Node has it from 22.15), use another engine, or read a copy of the file in a folder that can be written',
    cause,
  )
}

/** A file that the app has declared immutable. */
export class ImmutableFile {
  readonly #path: string
  readonly #state: string

  private constructor(path: string, state: string) {
    this.#path = path
    this.#state = state
  }

  /**
   * Call it before the first page is read: {@link change} reports later changes.
   *
   * @param path The engine's path, without symbolic links, because the WAL is beside that path.
   * @throws PersistenceError `CANNOT_OPEN`, `FILE_IN_USE` if reading only the file would miss data or see a partial write.
   */
  static async enter(path: string): Promise<ImmutableFile> {
    const file = new ImmutableFile(path, await stateOf(path))
    const log = await file.#unreadLog()
    if (log !== undefined) {
      throw cannotRead(
        `${log} is not empty and would not be read; open the file without immutable once, which takes it in`,
      )
    }
    if ((await isOpenElsewhere(path)) === true) {
      throw cannotRead(
        `another process has ${path} open and can change it; open the file with readOnly: true instead`,
        'FILE_IN_USE',
      )
    }
    return file
  }

  /** Returns what has changed in the file, for people; `undefined` while nothing has. */
  async change(): Promise<string | undefined> {
    if ((await stateOf(this.#path)) !== this.#state) return 'changed'
    const log = await this.#unreadLog()
    return log === undefined ? undefined : `changed in ${log}`
  }

  /** A rollback journal may be hot: the file alone then contains half a transaction. */
  async #unreadLog(): Promise<string | undefined> {
    for (const log of [`${this.#path}-wal`, `${this.#path}-journal`]) {
      if (!['', '0'].includes((await stateOf(log)).split(' ')[0] as string)) return log
    }
    return undefined
  }
}

/** Returns size in bytes and modification time; empty when there is no such file. */
async function stateOf(path: string): Promise<string> {
  try {
    const { size, mtimeNs } = await stat(path, { bigint: true })
    return `${size} ${mtimeNs}`
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // The name of a WAL is longer than that of its file, which may already have the maximum length.
    if (code === 'ENOENT' || code === 'ENAMETOOLONG') return ''
    throw cannotRead(message, 'CANNOT_OPEN', error)
  }
}

function cannotRead(why: string, code: PersistenceErrorCode = 'CANNOT_OPEN', cause?: unknown): PersistenceError {
  return new PersistenceError(code, 'open', `open: with immutable: true, ${why}`, cause)
}

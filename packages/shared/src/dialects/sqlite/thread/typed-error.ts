import { failureOf } from '../../../errors/failure-of.js'
import { PersistenceError, type PersistenceErrorCode } from '../../../errors/persistence-error.js'
import { systemCode } from '../../../errors/system-code.js'
import { classify } from '../error-codes.js'

const TOO_MANY = 'too many files are open; close some, or raise the limit (ulimit -n)'

/** Of Node's permission model. The error names no system call. */
const NOT_PERMITTED = 'ERR_ACCESS_DENIED'

const BY_CODE: ReadonlyMap<string, readonly [code: PersistenceErrorCode, advice: string]> = new Map([
  ['EACCES', ['READ_ONLY', 'check the permissions of the file and of its folder']],
  ['EBUSY', ['CANNOT_OPEN', 'it is a mount point; mount its folder instead']],
  ['EDQUOT', ['DISK_FULL', 'free some space, or choose another disk']],
  ['EMFILE', ['CANNOT_OPEN', TOO_MANY]],
  ['ENFILE', ['CANNOT_OPEN', TOO_MANY]],
  ['ELOOP', ['CANNOT_OPEN', 'check every link of the path']],
  ['ENAMETOOLONG', ['CANNOT_OPEN', 'choose a shorter name; what is written beside a file has a longer one']],
  ['EISDIR', ['CANNOT_OPEN', 'name a file, not a folder']],
  ['ENOENT', ['CANNOT_OPEN', 'a file or folder does not exist; check the path, or make the folder']],
  ['ENOSPC', ['DISK_FULL', 'free some space, or choose another disk']],
  ['ENOTDIR', ['CANNOT_OPEN', 'check every folder of the path']],
  ['EPERM', ['READ_ONLY', 'check the permissions of the file and of its folder']],
  ['EROFS', ['READ_ONLY', 'choose a disk that can be written']],
  [NOT_PERMITTED, ['CANNOT_OPEN', "Node's permission model does not allow it; grant it, or run without --permission"]],
])

/** Converts an error of the file system or an engine to a typed error. */
export function typedError(error: unknown, operation: string): PersistenceError {
  if (error instanceof PersistenceError || !isSystemError(error)) return classify(error, operation)
  const [code, advice] = BY_CODE.get(systemCode(error) ?? '') ?? ['IO_ERROR', 'the file system failed; check the disk']
  return new PersistenceError(code, operation, `${operation}: ${advice} (${error.message})`, error)
}

/** Converts an error like {@link typedError}, and names `operation` whatever failed in it. */
export function failureIn(error: unknown, operation: string): PersistenceError {
  return failureOf(typedError(error, operation), operation)
}

/** Runs `work` and converts its errors like {@link failureIn}, except for the reason of `signal` once that has aborted. */
export async function withTypedErrors<Result>(
  operation: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) throw error
    throw failureIn(error, operation)
  }
}

/** Returns whether an error is one of the file system. */
export function isSystemError(error: unknown): error is Error {
  // Not by its class: Node's errors are of another realm than code that Jest or a `vm` context runs.
  const { syscall, code } = (error ?? {}) as NodeJS.ErrnoException
  return typeof syscall === 'string' || code === NOT_PERMITTED
}

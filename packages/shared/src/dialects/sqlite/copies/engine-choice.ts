import { checkSignal } from '../../../arguments/abort-signal.js'
import { invalidCallOption } from '../../../arguments/invalid.js'
import { type OptionNames, readOptions } from '../../../arguments/options.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { withTypedErrors } from '../thread/typed-error.js'
import type { StartWorker } from '../thread/worker.js'

/** What a front end provides for the functions that work on files without an adapter. */
export interface EngineChoice<Options> {
  /** The names of its own options. */
  readonly names: OptionNames<Options>
  /** The name of the engine to use. @throws PersistenceError `ENGINE_MISSING`. */
  engine(options: Options): Promise<string>
  readonly startWorker: StartWorker | undefined
}

/** Options of the functions that work on files without an adapter. */
export interface FileOptions {
  /**
   * Ends the call, which then rejects with the reason of the signal and leaves no file behind. A restore that already puts the
   * backup in its place completes instead.
   */
  signal?: AbortSignal | undefined
  /** Starts the thread, for an app that is bundled into one file. Default: the export `./thread` of the package. */
  worker?: StartWorker | undefined
}

const FILE_OPTIONS: OptionNames<FileOptions> = { signal: true, worker: true }

/** The checked options of a call, and the thread that it works in. */
export interface ChosenEngine<Options> {
  readonly options: Options & FileOptions
  readonly engine: string
  readonly worker: StartWorker
}

/** Checks the options of a call and finds its engine. @throws PersistenceError `INVALID_ARGUMENT`, `ENGINE_UNSUPPORTED`. */
export async function chooseEngine<Options extends object>(
  choice: EngineChoice<Options>,
  given: (Options & FileOptions) | undefined,
  operation: string,
): Promise<ChosenEngine<Options>> {
  const names = { ...FILE_OPTIONS, ...choice.names } as OptionNames<Options & FileOptions>
  const options = readOptions<Options & FileOptions>(given ?? ({} as Options & FileOptions), names, operation)
  checkSignal(options.signal, operation)
  const { worker = choice.startWorker } = options
  if (worker !== undefined && typeof worker !== 'function') {
    throw invalidCallOption(operation, 'worker', worker, 'a function')
  }
  options.signal?.throwIfAborted()
  const engine = await withTypedErrors(operation, options.signal, () => choice.engine(options))
  if (worker === undefined) throw withoutThread(engine, operation)
  return { options, engine, worker }
}

/** Creates the error of a call that needs a thread, for a front end without one. */
export function withoutThread(engine: string, operation: string): PersistenceError {
  return new PersistenceError(
    'ENGINE_UNSUPPORTED',
    operation,
    `${operation}: the front end for ${engine} has no thread to work in; pass worker, or use one that has; for a client, the adapter of its owner`,
  )
}

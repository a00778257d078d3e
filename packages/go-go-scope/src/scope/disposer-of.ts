/** Disposes either kind, the asynchronous one if it is both. */
export function disposerOf(target: Disposable | AsyncDisposable): () => unknown {
  return () => (Symbol.asyncDispose in target ? target[Symbol.asyncDispose]() : target[Symbol.dispose]())
}

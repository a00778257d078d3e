import type { IdempotencyProvider } from '@go-go-scope/persistence-core/ports'

/** How a run ended. `abandoned`: its own task was aborted, which says nothing to the tasks that waited for it. */
export type RunEnd<T> = { value: T } | { error: unknown } | 'abandoned'

/** A task's part in the run of a key: the first task runs and ends it, once; the others wait for its end. */
export type SharedRun<T> =
  | { readonly first: true; end(how: RunEnd<T>): void }
  | { readonly first: false; readonly ended: Promise<RunEnd<T>> }

const runs = new WeakMap<IdempotencyProvider, Map<string, Promise<RunEnd<unknown>>>>()

/** Joins the run of `key` that is under way in this process for this provider, or begins one. */
export function joinRun<T>(provider: IdempotencyProvider, key: string): SharedRun<T> {
  const byKey = runs.get(provider) ?? new Map<string, Promise<RunEnd<unknown>>>()
  runs.set(provider, byKey)
  const running = byKey.get(key)
  if (running !== undefined) return { first: false, ended: running as Promise<RunEnd<T>> }
  let end: (how: RunEnd<T>) => void = () => {}
  byKey.set(
    key,
    new Promise<RunEnd<T>>((resolve) => {
      end = (how) => {
        byKey.delete(key)
        resolve(how)
      }
    }),
  )
  return { first: true, end }
}

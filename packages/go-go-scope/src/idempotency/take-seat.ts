import type { IdempotencyProvider } from '@go-go-scope/persistence-core/ports'

/** How a run ended. `abandoned`: its own task was aborted, which says nothing to those who waited for it. */
export type FlightEnd<T> = { value: T } | { error: unknown } | 'abandoned'

/** A place in the run of a key: the one who runs it lands it, once; the others wait for that. */
export type Seat<T> =
  | { readonly pilot: true; land(end: FlightEnd<T>): void }
  | { readonly pilot: false; readonly landed: Promise<FlightEnd<T>> }

const flights = new WeakMap<IdempotencyProvider, Map<string, Promise<FlightEnd<unknown>>>>()

/** Joins the run of `key` that is under way in this process for this provider, or begins one. */
export function takeSeat<T>(provider: IdempotencyProvider, key: string): Seat<T> {
  const running = flights.get(provider) ?? new Map<string, Promise<FlightEnd<unknown>>>()
  flights.set(provider, running)
  const landed = running.get(key)
  if (landed !== undefined) return { pilot: false, landed: landed as Promise<FlightEnd<T>> }
  let land: (end: FlightEnd<T>) => void = () => {}
  running.set(
    key,
    new Promise<FlightEnd<T>>((resolve) => {
      land = (end) => {
        running.delete(key)
        resolve(end)
      }
    }),
  )
  return { pilot: true, land }
}

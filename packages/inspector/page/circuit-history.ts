/** A period in which a circuit was seen in one state. Times are epoch ms on the server. */
export interface Span {
  readonly state: string
  readonly from: number
  to: number
}

// Older states are not shown.
const KEPT_MS = 10 * 60_000
// After a longer time without data, the state in between is unknown.
const GAP_MS = 6_000

/** The states of circuits since the page was opened. The database keeps only the last state of each. */
export class CircuitHistory {
  readonly #spans = new Map<string, Span[]>()

  /** Records the current states. @param now Epoch ms on the server. */
  see(circuits: readonly { readonly id: string; readonly state: string }[], now: number): void {
    for (const { id, state } of circuits) {
      const spans = this.#spans.get(id) ?? []
      const last = spans.at(-1)
      if (last !== undefined && now - last.to <= GAP_MS) last.to = now
      if (last === undefined || last.state !== state || now - last.to > GAP_MS)
        spans.push({ state, from: now, to: now })
      this.#spans.set(
        id,
        spans.filter(({ to }) => now - to < KEPT_MS),
      )
    }
  }

  of(id: string): readonly Span[] {
    return this.#spans.get(id) ?? []
  }
}

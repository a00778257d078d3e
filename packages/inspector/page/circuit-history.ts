/** A time in which a circuit was seen in one state. Epoch ms on the server. */
export interface Span {
  readonly state: string
  readonly from: number
  to: number
}

// Older than this is not shown.
const KEPT_MS = 10 * 60_000
// Longer without a look, nobody knows what was between.
const GAP_MS = 6_000

/** The states of circuits since the page began to look: the database keeps only the last one of each. */
export class CircuitHistory {
  readonly #spans = new Map<string, Span[]>()

  /** Takes down what was seen. @param now Epoch ms on the server. */
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

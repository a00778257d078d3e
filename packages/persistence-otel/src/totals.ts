import type { Attributes, BatchObservableResult, Observable } from '@opentelemetry/api'

interface Total {
  readonly attributes: Attributes
  readonly parts: Map<string, number>
}

/**
 * Adds up the values of several adapters. OpenTelemetry keeps only the last value that is observed for a metric with the same
 * attributes, and adapters of one file, or of files with one name, have the same.
 */
export class Totals {
  readonly #totals = new Map<Observable, Map<string, Total>>()

  /** @param part What the value describes. Adapters with the same part describe the same: their greatest value counts. */
  add(observable: Observable, value: number, attributes: Attributes, part: string): void {
    const totals = this.#totals.get(observable) ?? new Map<string, Total>()
    this.#totals.set(observable, totals)
    const id = JSON.stringify(attributes)
    const { parts } = totals.get(id) ?? { parts: new Map<string, number>() }
    parts.set(part, Math.max(value, parts.get(part) ?? 0))
    totals.set(id, { attributes, parts })
  }

  report(result: BatchObservableResult): void {
    for (const [observable, totals] of this.#totals) {
      for (const { attributes, parts } of totals.values())
        result.observe(
          observable,
          [...parts.values()].reduce((sum, value) => sum + value, 0),
          attributes,
        )
    }
  }
}

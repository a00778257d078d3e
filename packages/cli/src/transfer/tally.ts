import { type Counts, type ExportedItem, KINDS, none, shownCount } from './format.js'
import type { Outcome } from './import-item.js'

/** Counts the outcomes of the items of each kind. */
export class Tally {
  readonly outcomes: Record<Outcome, Counts> = {
    written: none(),
    replaced: none(),
    there: none(),
    claimed: none(),
    expired: none(),
  }

  count({ kind }: ExportedItem, outcome: Outcome): void {
    this.outcomes[outcome][kind]++
  }

  read(kind: keyof Counts): number {
    return Object.values(this.outcomes).reduce((sum, counts) => sum + counts[kind], 0)
  }

  shown(): string {
    const part = (outcome: Outcome, verb: string): string => {
      const counts = this.outcomes[outcome]
      const kinds = KINDS.filter((kind) => counts[kind] > 0).map((kind) => shownCount(counts[kind], kind))
      return kinds.length === 0 ? '' : `${kinds.join(', ')} ${verb}`
    }
    const parts = [
      part('written', 'written'),
      part('replaced', 'replaced'),
      part('there', 'left: there already'),
      part('claimed', 'left: claimed'),
      part('expired', 'left: expired'),
    ].filter((text) => text !== '')
    return parts.join('; ') || 'nothing was written'
  }
}

import { duration } from '../src/format.js'
import type { Span } from './circuit-history.js'
import { drawn } from './dom.js'

const WIDTH = 1_000
const SHORTEST_MS = 60_000

/** Draws the states of a circuit over time; the right end is now. @param now Epoch ms on the server. */
export function showStrip(cell: HTMLElement, spans: readonly Span[], now: number): void {
  const [first] = spans
  if (first === undefined) return
  const svg =
    cell.querySelector('svg') ??
    cell.appendChild(
      drawn('svg', { class: 'strip', role: 'img', viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: 'none' }),
    )
  const length = Math.max(SHORTEST_MS, now - first.from)
  const at = (time: number): number => WIDTH - ((now - time) / length) * WIDTH
  const title = drawn('title', {})
  title.textContent = inWords(spans, now - first.from)
  svg.replaceChildren(
    title,
    ...spans.map(({ state, from, to }) =>
      // A state that was seen only once gets a width too.
      drawn('rect', {
        class: state,
        x: at(from).toFixed(1),
        width: Math.max(4, at(to) - at(from)).toFixed(1),
        height: 10,
      }),
    ),
  )
}

function inWords(spans: readonly Span[], length: number): string {
  const times = new Map<string, number>()
  for (const { state, from, to } of spans) times.set(state, (times.get(state) ?? 0) + to - from)
  const parts = [...times].map(([state, ms]) => `${state} for ${duration(ms)}`)
  return `In the last ${duration(length)}: ${parts.join(', ')}`
}

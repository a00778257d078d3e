import { basename } from 'node:path'

// The engine's thread works, or the process is idle.
const WAITING = '(idle)'

/**
 * Returns the shares of a profile's time by function, the largest first.
 *
 * @param {{ nodes: any[], samples: number[], timeDeltas: number[] }} profile of `--cpu-prof`
 * @returns {{ where: string, share: number }[]}
 */
export function selfTime({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const spent = new Map()
  let total = 0
  for (const [at, sample] of samples.entries()) {
    const where = nameOf(frames.get(sample))
    spent.set(where, (spent.get(where) ?? 0) + timeDeltas[at])
    total += timeDeltas[at]
  }
  return [...spent].map(([where, time]) => ({ where, share: time / total })).sort((a, b) => b.share - a.share)
}

function nameOf({ functionName, url }) {
  if (functionName === WAITING) return 'waiting for the engine’s thread'
  return [functionName || 'anonymous', url && `(${basename(url)})`].filter(Boolean).join(' ')
}

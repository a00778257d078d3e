import { digits } from './names.mjs'
import { pairedRatio } from './statistics.mjs'

/** @param {object} results @returns {import('./tables.mjs').Table} */
export function channelTable({ channels = {} }) {
  const [operations = {}] = Object.values(channels)
  return {
    title: 'Channels without subscribers: rate relative to code without channels',
    text: 'In memory, by CPU time.',
    head: ['engine', ...Object.keys(operations)],
    rows: Object.entries(channels).map(([cell, found]) => [
      cell,
      ...Object.values(found).map((one) => digits(kept(one))),
    ]),
  }
}

/** A row per engine: the geometric mean of all operations, because a single one varies by as much as the target allows. */
export function channelTargets({ channels = {} }) {
  return Object.entries(channels).map(([place, operations]) => {
    const ratios = Object.values(operations).map(kept)
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
    return {
      target: 'get, set and acquire with channels but no subscribers: against no channels',
      place,
      must: '≥ 0.98',
      reached: `${digits(mean)} (worst: ${digits(Math.min(...ratios))})`,
      met: mean >= 0.98,
    }
  })
}

const kept = ({ ours, without }) => pairedRatio(without, ours)

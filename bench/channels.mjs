import { digits } from './names.mjs'
import { pairedRatio } from './statistics.mjs'

/** @param {object} results @returns {import('./tables.mjs').Table} */
export function channelTable({ channels = {} }) {
  const [operations = {}] = Object.values(channels)
  return {
    title: 'What channels leave of the rate while nobody subscribes',
    text: "In memory, by the processor's time, against the same code without channels.",
    head: ['engine', ...Object.keys(operations)],
    rows: Object.entries(channels).map(([cell, found]) => [
      cell,
      ...Object.values(found).map((one) => digits(kept(one))),
    ]),
  }
}

/** A row for each engine: the geometric mean of all operations, because one alone varies by as much as the target allows. */
export function channelTargets({ channels = {} }) {
  return Object.entries(channels).map(([place, operations]) => {
    const ratios = Object.values(operations).map(kept)
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
    return {
      target: 'get, set and acquire while nobody subscribes to a channel: against none',
      place,
      must: '≥ 0.98',
      reached: `${digits(mean)} (worst: ${digits(Math.min(...ratios))})`,
      met: mean >= 0.98,
    }
  })
}

const kept = ({ ours, without }) => pairedRatio(without, ours)

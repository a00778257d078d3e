/** The names of contestants and storages in tables and charts. */
export const contestantNames = {
  ours: 'ours',
  prepared: 'hand-written, prepared',
  'json-each': 'hand-written, json_each',
  loader: 'hand-written, loader',
  unprepared: 'obvious adapter',
}

export const storageNames = { memory: 'memory', process: 'file, `process`', power: 'file, `power`' }

/** @param {string} contestant */
export const nameOf = (contestant) => contestantNames[contestant] ?? contestant

const steps = [
  [1e6, 'M', 1e6],
  [1e3, 'k', 1e3],
]

/** Returns a count in three digits: 1.23 M, 45.6 k, 789. @param {number} value */
export function short(value) {
  for (const [from, letter, unit] of steps) if (value >= from) return `${digits(value / unit)} ${letter}`
  return digits(value)
}

/** Returns a round number that was chosen and not measured: 1 k, 10 M. @param {number} value */
export const round = (value) => short(value).replace(/\.0+(?= |$)/, '')

/** Returns a number in three digits. @param {number} value */
export function digits(value) {
  if (value >= 99.95) return value.toFixed(0)
  return value.toFixed(value >= 9.995 ? 1 : 2)
}

export const percent = (part) => `±${Math.round(part * 100)} %`

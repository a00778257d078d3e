/**
 * Measures contestants in turns, the first one of each round another one each time. As many rounds as are counted go before
 * them: a thread has its own compiled code, and four of them on two cores, which the compiler needs as well, take a second and
 * more until their rate stays.
 *
 * @template Figure
 * @param {number} rounds
 * @param {Record<string, () => Promise<Figure>>} contestants
 * @returns {Promise<Record<string, Figure[]>>} those with the same place are of one round
 */
export async function inTurns(rounds, contestants) {
  const names = Object.keys(contestants)
  const found = Object.fromEntries(names.map((one) => [one, []]))
  for (let round = -rounds; round < rounds; round++) {
    for (const one of round % 2 === 0 ? names : names.toReversed()) {
      const figure = await contestants[one]()
      if (round >= 0) found[one].push(figure)
    }
  }
  return found
}

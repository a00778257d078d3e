/**
 * Measures contestants interleaved; each round starts with another one. The counted rounds follow as many warm-up rounds: each
 * thread compiles its own code, and on two cores, which the compiler uses too, four threads take more than a second until their
 * rate is stable.
 *
 * @template Figure
 * @param {number} rounds
 * @param {Record<string, () => Promise<Figure>>} contestants
 * @returns {Promise<Record<string, Figure[]>>} figures with the same index are of one round
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

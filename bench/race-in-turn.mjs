/**
 * @typedef {object} Racer
 * @property {string} name
 * @property {readonly number[]} inFlight the numbers of calls in flight at which it is measured
 * @property {import('@go-go-scope/persistence-conformance/process').LineProcess} process
 */

/**
 * Runs contestants interleaved, A B C A B C, so that other load on the machine affects all of them. Ends their processes.
 *
 * @param {readonly Racer[]} racers
 * @param {readonly number[]} inFlights
 * @param {{ runs: number, duration: number }} effort `duration` of one run in ms
 * @returns {Promise<Record<number, Record<string, number[]>>>} calls per second by calls in flight and contestant
 */
export async function raceInTurn(racers, inFlights, { runs, duration }) {
  try {
    for (const { process } of racers) await process.ready()
    const rates = {}
    for (const inFlight of inFlights) {
      const present = racers.filter((racer) => racer.inFlight.includes(inFlight))
      rates[inFlight] = Object.fromEntries(present.map(({ name }) => [name, []]))
      for (let run = 0; run < runs; run++) {
        for (const { name, process } of present)
          rates[inFlight][name].push(await process.ask(`${inFlight} ${duration}`))
      }
    }
    return rates
  } finally {
    await Promise.all(racers.map(({ process }) => process.kill()))
  }
}

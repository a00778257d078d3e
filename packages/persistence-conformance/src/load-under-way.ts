import type { AdapterUnderTest } from './engine-under-test.js'

export interface LoadUnderWay {
  /** Ends the load with `value`. Returns what its caller got. */
  endWith(value: string): Promise<string>
}

/** Starts a load of `key` that runs until it is given its value. */
export async function loadUnderWay(cache: AdapterUnderTest['cache'], key: string, ttl?: number): Promise<LoadUnderWay> {
  let end: (value: string) => void = () => undefined
  let answer: Promise<string> = Promise.resolve('')
  await new Promise<void>((begun) => {
    answer = cache.getOrSet(
      key,
      () => {
        begun()
        return new Promise<string>((resolve) => {
          end = resolve
        })
      },
      ttl === undefined ? {} : { ttl },
    )
  })
  return {
    async endWith(value: string): Promise<string> {
      end(value)
      return answer
    },
  }
}

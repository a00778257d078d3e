/** Wrong options of a method whose only option is `signal`, with what the refusal names. */
export const SIGNAL_SLIPS: readonly (readonly [options: unknown, named: string])[] = [
  [{ signal: 5 }, 'option signal must be an AbortSignal, got 5'],
  [{ signal: null }, 'got null'],
  [{ signal: new AbortController() }, 'an object without aborted'],
  [{ singal: AbortSignal.abort() }, 'did you mean signal?'],
  [AbortSignal.abort(), 'options must be an object with signal'],
  [null, 'options must be an object with signal, got null'],
  [Promise.resolve({}), 'a promise that was not awaited'],
]

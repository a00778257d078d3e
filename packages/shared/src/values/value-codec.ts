/** Turns values into text and back. Replace it with the `codec` option. Both methods are synchronous. */
export interface ValueCodec {
  /** @throws anything for a value it cannot hold; it reaches the caller as `VALUE_NOT_SERIALIZABLE`. */
  encode(value: unknown): string
  /** @throws anything for a text it cannot read; it reaches the caller as `VALUE_UNREADABLE`. */
  decode(text: string): unknown
}

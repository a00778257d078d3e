/** Encodes values as text and decodes them. Replace it with the `codec` option. Both methods are synchronous. */
export interface ValueCodec {
  /** @throws anything for a value it cannot encode. The caller receives `VALUE_NOT_SERIALIZABLE`. */
  encode(value: unknown): string
  /** @throws anything for a text it cannot decode. The caller receives `VALUE_UNREADABLE`. */
  decode(text: string): unknown
}

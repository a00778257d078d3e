/**
 * Runs `COPY … FROM STDIN`, for which `pg` needs another class of queries.
 *
 * @param {import('pg').Client} client
 * @param {string} text
 * @param {readonly Buffer[]} chunks
 * @returns {Promise<void>}
 */
export function copyIn(client, text, chunks) {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(text, chunks, (error) => (error ? reject(error) : resolve())))
  })
}

class CopyIn {
  #text
  #chunks
  #failure

  /** @param {(error: unknown) => void} callback The client may replace it. */
  constructor(text, chunks, callback) {
    this.#text = text
    this.#chunks = chunks
    this.callback = callback
  }

  submit(connection) {
    connection.query(this.#text)
  }

  handleCopyInResponse(connection) {
    for (const chunk of this.#chunks) connection.sendCopyFromChunk(chunk)
    connection.endCopyFrom()
  }

  handleCommandComplete() {}

  handleError(error) {
    this.#failure = error
    this.callback(error)
  }

  handleReadyForQuery() {
    if (this.#failure === undefined) this.callback(null)
  }
}

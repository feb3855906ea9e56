/**
 * What the story says of one request. Where it says nothing, the request is as the document describes the operation.
 * Texts may hold `{{variables}}` of the collection.
 * @typedef {object} Step
 * @property {string} [operation] the operation's `operationId`
 * @property {Elsewhere} [elsewhere] for a request to an address that an answer has named, and that is no operation
 * @property {string} [name] how the request is called; as the operation is, unless told otherwise
 * @property {string} [why] what this request shows, before the operation's own description
 * @property {Who} [as] who sends it; whoever the folder says, unless told otherwise
 * @property {string} [url] the whole address, where an answer has told it
 * @property {Record<string, string>} [path]
 * @property {Record<string, string>} [query]
 * @property {Record<string, string>} [headers]
 * @property {Record<string, any>} [body] fields of a JSON body over those of its example; `undefined` leaves one out
 * @property {Record<string, string | { file: string }>} [form]
 * @property {Record<string, string>} [set] variables that are set before the request is sent
 * @property {number | readonly number[]} status
 * @property {string} [code] the code of the refusal
 * @property {Record<string, Expectation>} [expect] by its place in the answer, such as `data.items[0].index`
 * @property {Record<string, string>} [expectHeaders]
 * @property {Record<string, string>} [keep] variables that the answer sets, by the place of their value in it
 * @property {Until} [until]
 */

/** @typedef {{ method: 'PUT', file: string, description: string }} Elsewhere */
/** @typedef {'user' | 'stranger' | 'administrator' | 'nobody'} Who */
/** @typedef {string | number | boolean | null | { above: number } | { oneOf: readonly string[] } | { contains: string } | { length: number }} Expectation */

/**
 * The request is sent again until its answer says one of these there.
 * @typedef {{ at: string, isOneOf: readonly (string | number)[] }} Until
 */

/** @typedef {{ name: string, description: string, as: Who, steps: readonly Step[] }} Folder */

/** Which variable holds whose access token. */
export const tokenVariables = /** @type {const} */ ({
  user: 'token',
  stranger: 'strangerToken',
  administrator: 'adminToken',
})

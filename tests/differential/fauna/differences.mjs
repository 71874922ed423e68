// Where ours does something else than npm fauna 2.5.0, on purpose: what a user who moves over may notice. What ours does beside it (sessions,
// signals, `idempotent`, `live`, hints) is no difference. Rendered as documentation: whole sentences, backticks for code.

/**
 * @typedef {object} Difference
 * @property {'configuration' | 'queries' | 'errors' | 'values' | 'streams and feeds'} about
 * @property {string} what
 * @property {string} driver what npm fauna does
 * @property {string} ours
 * @property {string} why
 * @property {[file: string, test: string]} [test] where both sides are shown; without it, in differences.test.mjs under `what`
 */

/** @type {Difference[]} */
export const differences = [
  {
    about: 'configuration', what: 'the environment',
    driver: 'Reads `FAUNA_SECRET`, `FAUNA_ENDPOINT` and `FAUNA_DEBUG`, falls back to `https://db.fauna.com` (`endpoints.default`), and throws in the constructor when there is no secret.',
    ours: 'Reads nothing, knows no host (there is no `endpoints.default`), and looks at `endpoint` and `secret` when they are first used: `endpoint_missing`, `option_invalid`.',
    why: 'A page has no environment, the hosted service is gone, and a module that is only imported (while a site is built) must not fail.',
  },
  {
    about: 'configuration', what: 'the secret in clientConfiguration',
    driver: '`clientConfiguration` has it.', ours: 'It is left out.', why: 'Configurations are logged.',
    test: ['config.test.mjs', 'clientConfiguration: a copy with the defaults, without the secret'],
  },
  {
    about: 'configuration', what: 'the logger in clientConfiguration',
    driver: 'Always there; silent without `FAUNA_DEBUG`.', ours: 'The one that you gave, or none.', why: 'Lines that nobody reads are not written.',
  },
  {
    about: 'configuration', what: 'an empty secret',
    driver: 'Is sent, and refused by the server.', ours: '`option_invalid`, also for a query of a client with a session.', why: 'Whoever gives a secret means its rights, and not those of whoever is signed in.',
  },
  {
    about: 'configuration', what: 'the secret in the log',
    driver: 'Logs the request with its `Authorization` header.', ours: 'The same lines without that header.', why: 'Logs are kept and sent around.',
    test: ['config.test.mjs', "the log of a query: the driver's lines, without the secret"],
  },
  {
    about: 'configuration', what: 'a secret or traceparent that no header can carry',
    driver: 'A `NetworkError` whose `cause` repeats it.', ours: '`option_invalid` and `ClientError`, which name the option, before anything is sent.', why: 'It is not the network, and a secret is not for messages.',
  },
  {
    about: 'queries', what: 'malformed query_tags',
    driver: 'Sends them; the server refuses the request and does not say which tag it is. `{}` is sent as an empty header, which is refused as well.',
    ours: '`ClientError` with the tag, before anything is sent. `{}` is no tags.', why: 'The whole request fails for one character in one tag.',
  },
  {
    about: 'queries', what: 'query_timeout_ms and max_contention_retries out of range',
    driver: 'Sends them; the server refuses the request.', ours: '`RangeError` with the limits (1 to 600000, 0 to 7) before anything is sent.', why: 'As the constructor does with other numbers.',
  },
  {
    about: 'queries', what: 'arguments in the simple format',
    driver: 'Sends tagged values, which the server reads as objects: `{ n: 5 }` arrives as `{ n: { "@int": "5" } }`.', ours: 'Sends plain JSON. What it cannot say exactly (`NaN`, integers beyond 2^53, references) is a `ClientError`.', why: 'The server reads arguments in the format of the query.',
  },
  {
    about: 'queries', what: 'format, long_type, query_timeout_ms or the secret of a query given as undefined',
    driver: 'Overrides the client\'s: no `x-format` header and plain decoding; every long a bigint; a `ClientError`, because no time limit can be set; the secret "undefined".', ours: 'The client\'s value counts.', why: 'Without them there is no sound request.',
  },
  {
    about: 'queries', what: 'the last transaction time and another secret',
    driver: 'One `lastTxnTs` for the client, also for queries with a `secret` of their own.', ours: 'A query with another secret neither sends nor changes it, nor do the pages of such a query. With a session it belongs to one user and is gone when they are.',
    why: 'It may be another database\'s, and a time in the future makes every query wait.',
  },
  {
    about: 'queries', what: 'a last transaction time that is no time',
    driver: 'Takes `NaN`, fractions and numbers beyond all times, and every later query is refused.', ours: 'Ignored, as `undefined` is.', why: 'One bad value must not end all queries.',
  },
  {
    about: 'queries', what: 'pages without a tag',
    driver: '`paginate()` of a query that ends in `.paginate()`, or in the simple format, yields the page as one item; of such a page itself it is a `TypeError`.', ours: 'Yields its items, and goes on with the next page.', why: 'Fauna answers with an object of exactly `data` and `after` there.',
  },
  {
    about: 'queries', what: 'pages that are none',
    driver: 'When `Set.paginate()` answers something else, yields `undefined`.', ours: '`ProtocolError`.', why: 'The rest of the set would be missing without a word.',
  },
  {
    about: 'queries', what: 'the options of an iteration, changed while it runs',
    driver: 'Each page is asked with what the object holds then.', ours: 'With what it held when the iteration was made.', why: 'A secret that is exchanged for the next query would be used for the rest of this set.',
    test: ['given.test.mjs', 'the pages of an iteration are asked with the options with which it began'],
  },
  {
    about: 'queries', what: 'closing between two attempts',
    driver: 'The attempts go on.', ours: '`ClientClosedError`.', why: 'What was sent is answered; what was not sent yet is not wanted any more.',
    test: ['retries.test.mjs', 'a closed client makes no further attempt'],
  },
  {
    about: 'queries', what: 'a transport of your own',
    driver: 'Is not given a `signal`; its answer is taken however late it comes; its body may be bytes; an answer that it throws is read like one that it returns.',
    ours: 'Is given a `signal`; after the time limit the query is a `NetworkError`; a body that is no text, and what it throws, is a `ClientError`.', why: 'It is what the types say.',
  },
  {
    about: 'queries', what: 'redirects',
    driver: 'Follows them, with the query and, on the same origin, the secret.', ours: 'Refuses them: `redirect_refused`, with a session `network`.', why: 'A token goes to its own endpoint only.',
  },
  {
    about: 'queries', what: 'plain http',
    driver: 'Sends the secret to any `http://` endpoint.', ours: 'Only to this machine, unless `allowInsecureOrigin` is set.', why: 'Whoever is on the way can read it.',
    test: ['http.test.mjs', 'a secret goes to https or to this machine'],
  },
  {
    about: 'queries', what: 'HTTP/2 in Node',
    driver: 'A client of its own, with `http2_session_idle_ms` and `http2_max_streams`.', ours: 'The platform\'s `fetch`. `NodeHTTP2Client` is another name of `FetchClient`; the options are checked and have no effect.', why: 'One way of sending, wherever it runs.',
    test: ['http.test.mjs', 'NodeHTTP2Client and getDefaultHTTPClient'],
  },
  {
    about: 'errors', what: 'a request that was not answered',
    driver: '`NetworkError`, always with the same sentence.', ours: '`NetworkError` with a `code`: `timeout`, `offline` or `network`, and what is known of the cause.', why: 'They have different cures.',
  },
  {
    about: 'errors', what: 'what is no request',
    driver: '`ClientError`: "A client level error occurred. Fauna was not called.", and a `cause`.', ours: '`ClientError` or `CountersignError` with a sentence about what was wrong, and a `code`.', why: 'The message is what is read.',
  },
  {
    about: 'errors', what: 'an answer that breaks off',
    driver: '`ClientError`: "Fauna was not called".', ours: '`NetworkError` with the code `outcome_unknown`.', why: 'Fauna was called, and the query may have run.',
  },
  {
    about: 'errors', what: 'the cause of an error',
    driver: 'The original.', ours: 'A copy of its `name`, `code`, `status` and `message` without what looks like a secret.', why: 'Errors are logged and sent around.',
  },
  {
    about: 'errors', what: 'an answer that is not Fauna\'s',
    driver: '`ProtocolError` with the parser\'s words, or "[object Object]".', ours: '`ProtocolError` with the status and the first 120 characters, without what looks like a secret.', why: 'The page of a proxy says what it is.',
  },
  {
    about: 'errors', what: 'bytes that are no UTF-8',
    driver: 'Replaced by question marks, and delivered.', ours: '`ProtocolError`.', why: 'They are a broken answer, not data.',
  },
  {
    about: 'errors', what: 'an error whose code or message is no text',
    driver: 'A `ServiceError` with it as `code`.', ours: '`ProtocolError`.', why: 'Fauna does not answer so; code that compares `code` expects a text.',
  },
  {
    about: 'errors', what: 'the time of the schema',
    driver: '`queryInfo` of an error lacks `schema_version`, against its type.', ours: 'It is there.', why: 'The server sends it.',
  },
  {
    about: 'values', what: 'the JSON of values',
    driver: 'The fields of the classes: `{"coll":{"name":"Order"},"ts":{"isoString":"..."}}`, `{"token":"..."}`.', ours: 'What Fauna writes in the simple format: `{"coll":"Order","ts":"..."}`, `"..."`; `null` for a `NullDocument`.',
    why: 'It can be handed to a browser and read there without the classes. Code that reads `ts.isoString` on the other side reads `ts` instead.',
  },
  {
    about: 'values', what: 'tags, from the outside in',
    driver: 'Decodes from the inside out: a field of yours that is called like a tag is taken for one, although the server has escaped it. An empty payload (`{"@bytes":""}`) is no tag, and of several tags the first that it knows counts.',
    ours: 'An object with exactly one key, that being a tag, is a tagged value, whatever it holds; every other object is itself.', why: 'It is what the format says; your data is not changed.',
    test: ['codec-decode.test.mjs', 'different from the driver on purpose: '],
  },
  {
    about: 'values', what: 'malformed values',
    driver: 'Makes `NaN`, other bytes or a reference to nowhere of them.', ours: '`ProtocolError` with the path.', why: 'Wrong data is worse than none.',
    test: ['codec-decode.test.mjs', 'different from the driver on purpose: '],
  },
  {
    about: 'values', what: 'the rest of an answer',
    driver: 'Passes the whole answer through the decoder.', ours: 'Only `data` and `abort` are values.', why: 'The rest is not in the tagged format.',
    test: ['codec-decode.test.mjs', 'only the values of an answer are decoded: the rest of the envelope is not'],
  },
  {
    about: 'values', what: 'fields called __proto__',
    driver: 'Lost when sent; when read, they become the prototype of the document.', ours: 'Data, like every other field.', why: 'Data from outside must not change what an object is.',
    test: ['codec-encode.test.mjs', 'different from the driver on purpose: a field called __proto__'],
  },
  {
    about: 'values', what: 'dates and bytes of an iframe',
    driver: 'Objects without fields, or an error.', ours: 'Dates and bytes.', why: 'They are.',
    test: ['codec-encode.test.mjs', 'different from the driver on purpose: built-ins of another realm'],
  },
  {
    about: 'values', what: 'references as text',
    driver: 'Reads the older form `"Order:17"` under `@doc` only, and cuts the id at a second colon.', ours: 'Reads it under `@ref` too, and whole.', why: 'The server has written both.',
    test: ['codec-decode.test.mjs', 'different from the driver on purpose: '],
  },
  {
    about: 'values', what: 'fields that are absent',
    driver: 'A document without an end owns a `ttl` that is `undefined`.', ours: 'It has no such field.', why: '`Object.keys` should say what there is.',
  },
  {
    about: 'streams and feeds', what: 'what passes by itself',
    driver: 'A stream ends with an error when its connection breaks, its token has expired (`permission_loss`), the server is restarted or throttles.',
    ours: 'It goes on behind the last event, with a new token, after a pause.', why: 'That is what a stream is for. Tokens live for a minute.',
    test: ['streams.test.mjs', 'different on purpose: what passes is tried again'],
  },
  {
    about: 'streams and feeds', what: 'a stream that the server ends at once, again and again',
    driver: 'Connects again without a pause and without an end.', ours: 'Pauses, longer each time. Until the first success it tries `max_attempts` times, then it ends with a `NetworkError`.', why: 'A server that is down is not helped by a thousand requests.',
    test: ['streams.test.mjs', 'never without a pause, and until the first success no oftener than max_attempts'],
  },
  {
    about: 'streams and feeds', what: 'a query for a source in the simple format',
    driver: 'Is asked in that format, in which a source is plain text: `ClientError`.', ours: 'Is asked in the tagged format, and works.', why: 'Only that format says that an answer is a source.',
    test: ['streams.test.mjs', 'different on purpose: a source is asked for in the tagged format'],
  },
  {
    about: 'streams and feeds', what: 'a connection that ends soon after it was made anew',
    driver: 'Goes on from the cursor of the first status event, which is the first one of its transaction: the other events of that transaction are told again.', ours: 'Tells each event once.', why: 'A consumer that counts would count twice.',
    test: ['streams.test.mjs', 'different on purpose: the first status of a connection does not go back'],
  },
  {
    about: 'streams and feeds', what: 'closing a stream',
    driver: 'A loop over it ends with a `NetworkError`.', ours: 'It ends.', why: 'It was asked to.',
    test: ['streams.test.mjs', 'different on purpose: close() ends a loop without an error'],
  },
  {
    about: 'streams and feeds', what: 'characters in two pieces',
    driver: 'Broken when the network cuts a stream in the middle of one.', ours: 'Whole.', why: 'Lines are cut by bytes, then read.',
    test: ['streams.test.mjs', 'different on purpose: characters that come in two pieces'],
  },
  {
    about: 'streams and feeds', what: 'a stream or page that is none',
    driver: 'The platform\'s `SyntaxError`, after all attempts; a page without its fields is passed on.', ours: '`ProtocolError` at once, with the beginning of what came.', why: 'The page of a proxy says what it is.',
    test: ['feeds.test.mjs', 'different on purpose: what is no page is a ProtocolError'],
  },
  {
    about: 'streams and feeds', what: 'a throttled page of a feed',
    driver: 'Fails at once (it means to try again, and does not).', ours: 'Is asked for again, as a query is.', why: 'It is what the driver documents.',
    test: ['feeds.test.mjs', 'different on purpose: a throttled page is asked for again'],
  },
  {
    about: 'streams and feeds', what: 'start_ts 0 and page_size',
    driver: 'A `start_ts` of 0 is left out; a `page_size` out of range is sent.', ours: '0 is sent; a `page_size` that is not 1 to 16000 is a `RangeError`.', why: '0 is a time, and the server would refuse the page.',
    test: ['feeds.test.mjs', 'different on purpose: start_ts 0 is sent'],
  },
]

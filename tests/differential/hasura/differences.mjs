// Where `createWsClient` does something else than npm graphql-ws 6.4's `createClient`, on purpose: what a user who moves over may notice. What ours does beside it (a
// session's tokens, the `state` event) is no difference. Rendered as documentation: whole sentences, backticks for code.

/**
 * @typedef {object} Difference
 * @property {'connecting' | 'operations' | 'messages' | 'what throws' | 'the end'} about
 * @property {string} what
 * @property {string} theirs what npm graphql-ws does
 * @property {string} ours
 * @property {string} why
 */

/** Shown with both in differences.test.mjs, under `what`. @type {Difference[]} */
export const differences = [
  {
    about: 'connecting', what: 'no WebSocket, or something else as webSocketImpl',
    theirs: '`createClient` throws.', ours: 'The error of whoever subscribes.', why: 'A module that is only imported, while a site is built, must not fail.',
  },
  {
    about: 'connecting', what: 'when the first connection begins',
    theirs: '`connecting` is told within `subscribe`.', ours: 'It is told a moment later.', why: 'What a connection needs is loaded with the first operation. What is called before is done in order.',
  },
  {
    about: 'connecting', what: "a socket's error event before its close",
    theirs: 'Ends everything, unless `shouldRetry` says otherwise.', ours: 'Is told; the close that follows decides.', why: 'The event says nothing but that there was an error, and Node sends one for every server that is away for a second.',
  },
  {
    about: 'connecting', what: 'a server that closes with 1000 again and again',
    theirs: 'Connects again at once, without end.', ours: 'Connects again at once the first time, and then as after any other loss: with a pause, and so many attempts.', why: 'Hasura closes with 1000 when it does not understand a message; at once would be hundreds of connections a second.',
  },
  {
    about: 'connecting', what: 'no acknowledgement in time',
    theirs: 'Tells `closed` when the server has answered the close.', ours: 'Tells it at once, with `wasClean: false`.', why: 'Whoever did not acknowledge may not answer that either.',
  },
  {
    about: 'connecting', what: 'how often shouldRetry is asked',
    theirs: 'Once for each operation, about closes that are not fatal.', ours: 'Once for each close that is not fatal.', why: 'It is one connection.',
  },
  {
    about: 'connecting', what: 'terminate before the socket is open, in Node',
    theirs: 'Ends the process: the error of the socket of npm ws has no listener any more.', ours: 'Connects anew.', why: 'It is what `terminate` is for.',
  },
  {
    about: 'operations', what: 'a query or mutation whose socket is lost',
    theirs: 'Is sent again on the next socket.', ours: 'Ends with `outcome_unknown`. Subscriptions are sent again.', why: 'A mutation may have run; twice is not the same as once.',
  },
  {
    about: 'operations', what: 'the names of operations',
    theirs: 'Random UUIDs.', ours: 'Numbers.', why: 'They need to be unique on one socket only, and are sent with every frame.',
  },
  {
    about: 'operations', what: 'a payload that cannot be sent',
    theirs: 'An `Error`, or the `TypeError` of `JSON.stringify`; it counts as running until the socket ends, which is an unhandled rejection then.', ours: '`option_invalid`, with that one as its `cause`.', why: 'Errors have codes.',
  },
  {
    about: 'operations', what: 'leaving before there is a connection',
    theirs: 'Completes when it is there, or never.', ours: 'Completes at once.', why: 'Whoever leaves does not wait for anything.',
  },
  {
    about: 'messages', what: 'a frame that is no message',
    theirs: 'Closes the socket with 4004, which ends all operations.', ours: 'Is told as an `error` event (`protocol`) and left out, and so is a result that is no object; a type that is not known is a `message` event only.', why: 'One frame of a proxy or of a newer server is no reason to stop everything.',
  },
  {
    about: 'messages', what: 'a message before the acknowledgement',
    theirs: 'Closes the socket with 4004, which ends all operations.', ours: 'Is told as a `message` event.', why: 'Hasura before v2.30 says `connection_error` there, and why in the close that follows.',
  },
  {
    about: 'messages', what: 'an error whose payload is no array',
    theirs: 'Closes the socket with 4004, which ends all operations.', ours: 'The error of its operation, as an array of one.', why: 'Hasura sends an object or a text.',
  },
  {
    about: 'messages', what: 'an error and a complete in the same turn',
    theirs: 'Counts the end of the operation twice: a socket without operations is never closed, and one with another operation is closed under it, which completes.', ours: 'The complete is nobody\'s.', why: 'Hasura sends both.',
  },
  {
    about: 'messages', what: 'several frames in the same turn',
    theirs: 'Tells `complete` after all of them.', ours: 'Tells it with its frame.', why: 'There is nothing to wait for.',
  },
  {
    about: 'what throws', what: 'a sink',
    theirs: 'Closes the socket with 4004, which ends all operations.', ours: 'An unhandled rejection; everything goes on.', why: 'The error of one component is not that of all others.',
  },
  {
    about: 'what throws', what: 'a listener',
    theirs: 'Closes the socket, or leaves `subscribe` waiting for ever.', ours: 'An unhandled rejection; everything goes on.', why: 'Listeners watch.',
  },
  {
    about: 'what throws', what: 'url or retryWait',
    theirs: 'An unhandled rejection, and operations wait for ever.', ours: 'The error of the operations.', why: 'Somebody must hear of it who can do something.',
  },
  {
    about: 'what throws', what: 'connectionParams, with a long text that is not ASCII',
    theirs: 'Counts characters where a close frame counts bytes: an unhandled rejection, and the socket stays.', ours: 'Closes with 4005, `Internal client error`.', why: 'A close frame carries 123 bytes.',
  },
  {
    about: 'what throws', what: 'generateID',
    theirs: '`subscribe` throws.', ours: 'The error of the operation.', why: 'It may be asked after `subscribe` has returned.',
  },
  {
    about: 'the end', what: 'dispose while connecting or between two attempts',
    theirs: 'Waits for the connection, in order to close it.', ours: 'Completes operations at once, and connects no more.', why: 'Whoever disposes does not want to connect.',
  },
  {
    about: 'the end', what: 'subscribe after dispose',
    theirs: 'Connects.', ours: 'Ends with `disposed`.', why: 'A client that was disposed of holds nothing.',
  },
  {
    about: 'the end', what: 'throw of an iterator',
    theirs: 'The subscription goes on, and its results wait for ever.', ours: 'Ends it.', why: 'Nobody can ask for them any more.',
  },
  {
    about: 'the end', what: 'results that wait when an iterator returns',
    theirs: '`next` still gives them.', ours: 'They are gone.', why: 'As of any iterator that has returned.',
  },
  {
    about: 'the end', what: 'a listener that is taken off twice',
    theirs: 'Takes off another registration of the same function, if there is one.', ours: 'Does nothing the second time.', why: 'Each `on` is ended by its own answer.',
  },
]

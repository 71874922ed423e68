// Requests of every kind, as plans: plain data from which each way of sending builds its own, in Node and in a browser.

/** @typedef {{ form: string, method?: string, body: string, headers: string, fields: Record<string, unknown>, status: number, answer: string }} Plan */

const TEXT = 'Größe: 5 €\r\n\u0000'
const bytes = new TextEncoder().encode(TEXT)
/** Chosen by plans. @type {Record<string, () => any>} */
const BODIES = {
  none: () => undefined,
  null: () => null,
  empty: () => '',
  text: () => TEXT,
  json: () => JSON.stringify({ query: '{ a }', variables: { t: TEXT } }),
  malformed: () => '{"query": "{ a }',
  'a lone surrogate': () => 'a\ud800b',
  'a number': () => 7,
  ArrayBuffer: () => bytes.buffer.slice(0),
  'no ArrayBuffer': () => new ArrayBuffer(0),
  'a view': () => bytes.subarray(3, 8),
  DataView: () => new DataView(bytes.buffer.slice(0), 2, 4),
  Uint16Array: () => new Uint16Array([1, 2, 65535]),
  Blob: () => new Blob([bytes], { type: 'text/X-Own; charset=latin1' }),
  'a Blob without a type': () => new Blob([bytes]),
  'no Blob': () => new Blob([]),
  File: () => new File([bytes], 'a.bin', { type: 'application/octet-stream' }),
  URLSearchParams: () => new URLSearchParams([['a', TEXT], ['a', '+&='], ['', '']]),
  FormData: () => {
    const form = new FormData()
    form.append('a', TEXT)
    form.append('a', 'twice')
    form.append('file', new Blob([bytes], { type: 'image/png' }), 'naïve "name".png')
    return form
  },
  'no FormData': () => new FormData(),
  ReadableStream: () => new ReadableStream({ start: (c) => (c.enqueue(bytes.subarray(0, 3)), c.enqueue(bytes.subarray(3)), c.close()) }),
  large: () => new Uint8Array(300_000).map((_, i) => i),
}
/** @type {Record<string, () => any>} */
const HEADERS = {
  none: () => undefined,
  plain: () => ({ 'Content-Type': 'application/json', ACCEPT: 'application/graphql-response+json, application/json;q=0.9, */*;q=0.1', 'x-MIXED-Case': ' inner  spaces ' }),
  'in pairs': () => [['X-Twice', 'a'], ['x-b', 'b'], ['x-twice', 'c, d'], ['Accept-Language', 'de, en;q=0.5'], ['x-empty', '']],
  Headers: () => new Headers([['x-twice', 'a'], ['X-Twice', 'b'], ['content-type', 'text/plain;charset=x']]),
  'a token of their own': () => ({ Authorization: 'Basic dTpw', 'x-hasura-role': 'editor' }),
  'of Hasura': () => ({ 'x-hasura-use-backend-only-permissions': 'true', 'X-Request-ID': 'r-1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
  conditional: () => ({ 'If-None-Match': '"a", W/"b"', range: 'bytes=0-10' }),
  latin: () => ({ 'x-latin': 'Größe' }),
  'no name': () => ({ 'a b': 'c' }),
  'no value': () => ({ 'x-a': 'a\nb' }),
}
/** Those that the recorder's parser knows, and two that no `fetch` sends. */
const METHODS = [undefined, 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'post', 'delete', 'PROPFIND', 'REPORT', 'M-SEARCH', 'TRACE', 'CONNECT', 'no method']
/** @type {readonly Record<string, unknown>[]} */
const FIELDS = [
  {}, { redirect: 'follow' }, { cache: 'reload', credentials: 'same-origin' }, { referrerPolicy: 'origin', referrer: '' }, { keepalive: true, priority: 'high' }, { mode: 'cors' }, { mode: 'same-origin' },
  { integrity: 'sha256-AAAA' }, { next: { tags: ['a'] }, cf: {}, window: null }, { redirect: 'sideways' },
]
const FORMS = ['a string', 'a URL', 'a Request', 'a Request and more', 'a Request as init']
const STATUSES = [200, 200, 200, 201, 202, 204, 206, 299, 400, 403, 404, 409, 418, 422, 429, 500, 502, 503]
/** What the server answers with: content type and body. @type {Record<string, [string | undefined, string]>} */
export const ANSWERS = {
  success: ['application/json; charset=utf-8', '{"data":{"a":[1,2,3]}}'],
  failure: ['application/json', '{"errors":[{"extensions":{"path":"$","code":"validation-failed"},"message":"no"}]}'],
  role: ['application/graphql-response+json', '{"errors":[{"message":"Your requested role is not in allowed roles","extensions":{"code":"access-denied"}}]}'],
  flat: ['application/json', '{"path":"$","error":"no","code":"not-found"}'],
  malformed: ['application/json', '{"errors":[{"mess'],
  html: ['text/html', '<html>'],
  events: ['text/event-stream', 'data: 1\n\n'],
  parts: ['multipart/mixed; boundary="-"', '---\r\n\r\n{}\r\n-----\r\n'],
  typeless: [undefined, 'é'],
  nothing: ['application/json', ''],
  large: ['application/json', `{"errors":[],"pad":"${'é'.repeat(100_000)}"}`],
}

/** Random plans. @param {() => number} random of [0, 1) @param {number} count @returns {Plan[]} */
export const plans = (random, count) => {
  const pick = (/** @type {readonly any[]} */ list) => list[Math.floor(random() * list.length)]
  // Most of them ordinary, so that one strange part at a time is seen by itself.
  const some = (/** @type {readonly any[]} */ list, /** @type {number} */ part) => (random() < part ? pick(list) : list[0])
  /** Each of everything once, then at random. */
  const all = [...Object.keys(BODIES).map((body) => ({ body, method: 'POST' })), ...METHODS.map((method) => ({ method })), ...Object.keys(HEADERS).map((headers) => ({ headers })), ...FIELDS.map((fields) => ({ fields })), ...Object.keys(ANSWERS).map((answer) => ({ answer })), ...FORMS.flatMap((form) => [{ form }, { form, method: 'PUT', body: 'text' }, { form, method: 'POST', body: 'ReadableStream' }])]
  return Array.from({ length: Math.max(count, all.length) }, (_, i) => {
    const body = some(Object.keys(BODIES), 0.7)
    return {
      form: pick(FORMS), body, headers: some(Object.keys(HEADERS), 0.7), fields: some(FIELDS, 0.3), status: pick(STATUSES), answer: pick(Object.keys(ANSWERS)),
      method: body === 'none' ? pick(METHODS) : random() < 0.8 ? pick(['POST', 'PUT', 'PATCH', 'DELETE', 'post']) : pick(METHODS),
      ...all[i],
    }
  })
}

/** The documented defaults of an authorised request. */
const DEFAULTS = { redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' }

/** The arguments for `fetch`. @param {Plan} plan @param {string} url @param {boolean} plain with our defaults, as somebody would write them who knows of them */
const build = ({ form, method, body: what, headers: which, fields }, url, plain) => {
  const [body, headers] = [BODIES[what]?.(), HEADERS[which]?.()]
  const more = { ...(method !== undefined && { method }), ...(body !== undefined && { body }), ...(headers !== undefined && { headers }), ...(what === 'ReadableStream' && { duplex: 'half' }) }
  const defaults = plain ? DEFAULTS : {}
  switch (form) {
    case 'a URL':
      return [new URL(url), { ...defaults, ...more, ...fields }]
    case 'a Request':
      return plain ? [new Request(url, { ...more, ...fields }), { ...defaults }] : [new Request(url, { ...more, ...fields })]
    case 'a Request and more':
      return [new Request(url, { method: 'POST', body: 'of the Request', headers: { 'x-request': '1' } }), { ...defaults, ...more, ...fields }]
    case 'a Request as init':
      return plain ? [new Request(url, new Request('http://localhost/', { ...more, ...fields })), { ...defaults }] : [url, new Request('http://localhost/', { ...more, ...fields })]
    default:
      return [url, { ...defaults, ...more, ...fields }]
  }
}

/** What becomes of a plan. @param {(...args: any[]) => Promise<Response>} send @param {Plan} plan @param {string} url @param {boolean} plain */
export const outcome = async (send, plan, url, plain) => {
  try {
    const response = await send(...build(plan, url, plain))
    const copy = response.clone()
    const { status, statusText, ok, type, redirected, bodyUsed } = response
    const read = async (/** @type {Response} */ one) => [...new Uint8Array(await one.arrayBuffer())].reduce((sum, byte) => (sum * 31 + byte) % 4294967291, 7)
    return {
      status, statusText, ok, type, redirected, bodyUsed, url: response.url.split('?')[0], streams: !!response.body, body: await read(response), again: await read(copy), after: response.bodyUsed,
      headers: [...response.headers].filter(([name]) => name !== 'date'), made: response instanceof Response,
    }
  } catch {
    return 'rejected'
  }
}

// What the benchmark measures; runs in Node and, bundled, in a page.
/** One order as a Fauna server sends it: a document with a reference, a nested set, dates, longs, doubles. */
const order = (i) => {
  const day = `2024-05-${String(1 + (i % 28)).padStart(2, '0')}`
  return {
    '@doc': {
      id: String(398000000000000000n + BigInt(i)), coll: { '@mod': 'Order' }, ts: { '@time': `${day}T10:11:12.${String(i % 1000).padStart(3, '0')}Z` },
      status: ['open', 'paid', 'shipped'][i % 3], total: { '@int': String(i % 100000) }, price: { '@double': (i * 1.37).toFixed(2) }, views: { '@long': String(5000000000 + i) },
      placed: { '@date': day }, customer: { '@ref': { id: String(1000 + i), coll: { '@mod': 'Customer' } } },
      note: `Please leave the parcel with the neighbour at number ${i}, thanks`, tags: ['alpha', 'beta'], address: { street: `${i} Main St`, city: 'Springfield', zip: '12345' },
      items: { '@set': { data: [{ sku: `A-${i}`, qty: { '@int': '2' } }, { sku: `B-${i}`, qty: { '@int': '1' } }], after: `abc${i}` } },
    },
  }
}

/** A page of orders of about so many bytes of JSON. */
export const page = (bytes) => {
  const data = []
  for (let size = 0, i = 0; size < bytes; i++) size += JSON.stringify(data[i] = order(i)).length + 1
  return JSON.stringify({ '@set': { data } })
}

const median = (runs, f) => {
  const times = []
  for (let i = 0; i < runs + 2; i++) {
    const at = performance.now()
    f()
    if (i > 1) times.push(performance.now() - at)
  }
  return times.sort((a, b) => a - b)[runs >> 1]
}

/** @returns one row for each number: medians in ms; `ratio` says how many times faster we are than the driver */
export const measure = (ours, driver) => {
  const rows = []
  for (const mb of [1, 10]) {
    const text = page(mb * 1e6), runs = mb > 1 ? 7 : 31
    const bare = median(runs, () => JSON.parse(text))
    const mine = median(runs, () => ours.TaggedTypeFormat.decode(text, { long_type: 'number' }))
    const peer = median(runs, () => driver.TaggedTypeFormat.decode(text, { long_type: 'number' }))
    rows.push({ name: `fauna decode ${mb} MB`, ours: +mine.toFixed(2), peer: +peer.toFixed(2), ratio: +(peer / mine).toFixed(2), unit: 'ms', 'times JSON.parse': +(mine / bare).toFixed(2) })
  }
  const args = (l) => Object.fromEntries(Array.from({ length: 10000 }, (_, i) => [`a${i}`, [i, i * 0.5, `text ${i}`, true, { at: new Date(i * 1e9), ref: new l.DocumentReference({ coll: 'Order', id: String(i) }), big: BigInt(i) }][i % 5]]))
  const [a, b] = [args(ours), args(driver)]
  const mine = median(31, () => ours.TaggedTypeFormat.encode(a)), peer = median(31, () => driver.TaggedTypeFormat.encode(b))
  rows.push({ name: 'fauna encode', ours: +mine.toFixed(2), peer: +peer.toFixed(2), ratio: +(peer / mine).toFixed(2), unit: 'ms' })
  return rows
}

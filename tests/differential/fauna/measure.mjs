// What the benchmark reads: an answer with documents, references, sets, dates and longs.
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

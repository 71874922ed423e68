// What the next visit would find in IndexedDB.

/** @param {IDBRequest} request */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})

/** @param {string} key @returns {Promise<any>} */
export const onDisk = async (key) => {
  // Opening would make the database, without its table.
  if (!(await indexedDB.databases()).some(({ name }) => name === 'countersign_instant')) return undefined
  const db = await done(indexedDB.open('countersign_instant'))
  try {
    return await done(db.transaction('sessions').objectStore('sessions').get(key))
  } finally {
    db.close()
  }
}

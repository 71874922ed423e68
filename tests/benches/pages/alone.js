// Runs what the address asks for and tells the server how it went: for a browser that no script drives.
import * as benches from './bench.js'

const asked = new URLSearchParams(location.search)
const answer = async () => {
  try {
    return { value: await benches[asked.get('call')](JSON.parse(asked.get('options'))) }
  } catch (error) {
    return { error: String(error) }
  }
}
answer().then((body) => fetch('/said', { method: 'POST', body: JSON.stringify(body) }))

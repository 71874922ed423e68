import { run } from './run.js'

document.querySelector('#out').textContent = await run()

import '../shared/worker-page.js'

import '../shared/page.js'

export default {
  mode: 'production',
  entry: { main: './src/main.js', 'worker-main': './src/worker-main.js' },
  output: { path: new URL('out', import.meta.url).pathname, publicPath: '/out/' },
}

// Crate and package: three wasm artefacts, the TypeScript, the entries for workerd and edge, and the tarball that everything else installs.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import zopfli from '@gfx/zopfli'
import { dropExports, gather, plain, shorten } from './shorten.mjs'
import { bindgenVersion, npmCi, root, run, wasmBindgen, wasmTarget } from './tools.mjs'

const pkg = join(root, 'pkg')
export const artefacts = {
  core: ['core', 'fauna', 'hasura', 'instant', 'convex'],
  live: ['live', 'fauna', 'hasura', 'instant'],
  diagnose: ['diagnose', 'fauna', 'hasura', 'instant', 'convex'],
}
// Listed one by one: --all-features writes modules that browsers refuse.
const features = ['bulk-memory', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals', 'reference-types', 'multivalue'].map((f) => `--enable-${f}`)

// For LLVM: values are copied by one instruction from three stores on, and what both sides of a branch do is done once.
const shared = ['max-store-memcpy=2', 'max-store-memset=2', 'sink-common-insts', 'hoist-common-insts']

// What is small already gets smaller once more when its control flow is flattened and structured anew (LLVM's was made to be fast), and when
// functions are made for arguments that are always the same.
const smaller = ['-Oz', '--converge', '--flatten', '--rereloop', '-Oz', '--converge', '--monomorphize', '-Oz']

/** Entries of the package, in the order of the documentation. `core`: it may load the core, so workerd and edge need the module handed in. */
export const entries = {
  '.': { file: 'index', wasm: ['core'] },
  './clerk': { file: 'clerk', wasm: ['core'] },
  './auth0': { file: 'auth0', wasm: ['core'] },
  './react': { file: 'react', wasm: ['core'] },
  './fauna': { file: 'fauna', wasm: ['core'] },
  './hasura': { file: 'hasura', wasm: ['core'] },
  './instant': { file: 'instant', wasm: ['core'] },
  './instant/react': { file: 'instant-react', wasm: ['core'] },
  './convex': { file: 'convex', wasm: ['core'] },
  './convex/react': { file: 'convex-react', wasm: ['core'] },
  './server': { file: 'server', wasm: ['core'] },
  './testing': { file: 'testing', wasm: ['core'] },
  './diagnose': { file: 'diagnose', wasm: ['diagnose'] },
  './devtools': { file: 'devtools', wasm: [] },
  './static': { file: 'static', wasm: ['core'] },
}

let std // whether the standard library's source is at hand: undefined until tried

/**
 * Compiles one artefact. The standard library is compiled along, without the panic messages that nothing can show:
 * a quarter of the bytes. Where its source is missing, the prebuilt one does the same job, larger.
 */
const compile = async (features, log) => {
  // `cargo rustc --crate-type cdylib`, because beside an rlib cargo silently leaves link-time optimisation out.
  const args = ['rustc', '--release', '--lib', '--crate-type', 'cdylib', '--quiet', '--target', 'wasm32-unknown-unknown', '--no-default-features', '--features', ['bindings', ...features].join(',')]
  if (std !== false && process.env.COUNTERSIGN_BUILD_STD !== '0') {
    try {
      const target = join(root, 'target/small')
      await run('cargo', [...args, '-Z', 'build-std=std,panic_abort', '-Z', 'build-std-features=optimize_for_size'], {
        quiet: true,
        env: { RUSTC_BOOTSTRAP: '1', CARGO_TARGET_DIR: target, RUSTFLAGS: ['-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none', ...shared.map((arg) => `-Cllvm-args=-${arg}`)].join(' ') },
      })
      std = true
      return join(target, 'wasm32-unknown-unknown/release/countersign.wasm')
    } catch (error) {
      if (std) throw error
      std = false
      log(`  the standard library could not be compiled along (rustup component add rust-src); the artefacts will be about a quarter larger: ${error.message.split('\n').slice(0, 3).join(' ')}`)
    }
  }
  await run('cargo', args, { quiet: true })
  return join(root, 'target/wasm32-unknown-unknown/release/countersign.wasm')
}

const wasm = async (name, bindgen, log) => {
  const out = join(root, 'target/artefacts', name)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const built = await compile(artefacts[name], log)
  await run(bindgen, [built, '--target', 'bundler', '--remove-name-section', '--remove-producers-section', '--out-dir', out, '--out-name', name], { quiet: true })
  const file = join(out, `${name}_bg.wasm`)
  const glue = plain(readFileSync(join(out, `${name}_bg.js`), 'utf8'))
  // boot.ts asks for the start function by name, the glue for the others.
  writeFileSync(file, dropExports(readFileSync(file), (name) => name === '__wbindgen_start' || new RegExp(`\\bwasm\\.${name}\\b`).test(glue)))
  const final = join(pkg, 'wasm', `${name}_bg.wasm`)
  await run(join(root, 'node_modules/.bin/wasm-opt'), [file, ...smaller, '--low-memory-unused', '--ignore-implicit-traps', ...features, '--strip-debug', '--strip-producers', '--strip-target-features', '-o', final], { quiet: true })
  // Without wasm-bindgen's own loader: boot.ts is ours, and a third of it.
  const short = shorten(readFileSync(final), gather(glue))
  writeFileSync(join(pkg, 'wasm', `${name}.js`), short.glue)
  writeFileSync(final, short.bytes)
  const bytes = readFileSync(final)
  // Zopfli: seven percent fewer bytes than deflate's best, for any inflater.
  writeFileSync(
    join(pkg, 'wasm', `${name}-inline.js`),
    `// ${name}_bg.wasm, deflated: works in every bundler, under a strict CSP, without a second request.
export default ${JSON.stringify(Buffer.from(await zopfli.deflateAsync(bytes, { numiterations: 100 })).toString('base64'))}
`,
  )
  const types = readFileSync(join(out, `${name}.d.ts`), 'utf8').replace(/^ *\[Symbol\.dispose\].*\n/gm, '')
  writeFileSync(join(pkg, 'wasm', `${name}-types.d.ts`), `${types}\nexport function __wbg_set_wasm(exports: WebAssembly.Exports): void;\n`)
  writeFileSync(join(pkg, 'wasm', `${name}.d.ts`), `import type * as Types from './${name}-types.js'\nexport type * from './${name}-types.js'\ndeclare const glue: typeof Types\nexport default glue\n`)
  writeFileSync(join(pkg, 'wasm', `${name}-inline.d.ts`), 'declare const base64: string\nexport default base64\n')
  log(`  ${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`)
}

/** Two lines per conditional entry: hand the module in, re-export. */
const conditional = () => {
  for (const [condition, suffix] of [['workerd', ''], ['edge-light', '?module']]) {
    mkdirSync(join(pkg, 'dist', condition), { recursive: true })
    for (const { file, wasm } of Object.values(entries)) {
      const provide = wasm.map((w) => `import ${w} from '../../wasm/${w}_bg.wasm${suffix}'\nimport { provide as provide_${w} } from '../loader.js'\nprovide_${w}('${w}', ${w}, true)\n`).join('')
      const use = /^['"]use client['"]/.test(readFileSync(join(pkg, 'dist', `${file}.js`), 'utf8')) ? "'use client'\n" : ''
      writeFileSync(join(pkg, 'dist', condition, `${file}.js`), `${use}${provide}export * from '../${file}.js'\n`)
    }
  }
}

const manifest = (present) => {
  const file = join(pkg, 'package.json')
  const json = JSON.parse(readFileSync(file, 'utf8'))
  const exports = {}
  for (const [path, { file }] of present)
    exports[path] = { types: `./dist/${file}.d.ts`, workerd: `./dist/workerd/${file}.js`, 'edge-light': `./dist/edge-light/${file}.js`, default: `./dist/${file}.js` }
  for (const name of Object.keys(artefacts)) exports[`./${name}_bg.wasm`] = `./wasm/${name}_bg.wasm`
  exports['./package.json'] = './package.json'
  const next = { ...json, exports, files: ['dist', 'wasm', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE'] }
  const text = JSON.stringify(next, null, 2) + '\n'
  if (text !== readFileSync(file, 'utf8')) writeFileSync(file, text)
}

const files = (dir) => readdirSync(dir, { recursive: true }).map(String).filter((f) => statSync(join(dir, f)).isFile()).sort()

const stamp = () => {
  const hash = createHash('sha256')
  for (const dir of ['dist', 'wasm']) for (const f of files(join(pkg, dir))) if (!f.startsWith('build-id')) hash.update(f).update(readFileSync(join(pkg, dir, f)))
  const id = hash.digest('hex').slice(0, 16)
  writeFileSync(join(pkg, 'dist/build-id.js'), `/** Of these very files: a test asserts that it runs what was just built. */\nexport const buildId = '${id}'\n`)
  writeFileSync(join(pkg, 'dist/build-id.d.ts'), 'export declare const buildId: string\n')
  return id
}

/** Newest change of what the artefacts are made of; unchanged sources are not compiled again. */
const newest = (paths) => Math.max(...paths.flatMap((p) => (statSync(join(root, p)).isDirectory() ? files(join(root, p)).map((f) => statSync(join(root, p, f)).mtimeMs) : [statSync(join(root, p)).mtimeMs])))

/** Builds; with `pack`, writes target/pack/countersign.tgz. `only`: 'ts' leaves the wasm as it is. */
export const build = async ({ pack = false, only, log = console.log } = {}) => {
  await npmCi(root, log)
  mkdirSync(join(pkg, 'wasm'), { recursive: true })
  const sources = newest(['src', 'Cargo.toml', 'pkg/scripts/build.mjs', 'pkg/scripts/shorten.mjs'])
  const stale = Object.keys(artefacts).filter((n) => !existsSync(join(pkg, 'wasm', `${n}-inline.js`)) || statSync(join(pkg, 'wasm', `${n}-inline.js`)).mtimeMs < sources)
  if (only !== 'ts' && stale.length) {
    await wasmTarget()
    const bindgen = await wasmBindgen(log)
    log(`wasm (wasm-bindgen ${bindgenVersion})`)
    for (const name of stale) await wasm(name, bindgen, log)
  }
  rmSync(join(pkg, 'dist'), { recursive: true, force: true })
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(pkg, 'tsconfig.json')], { quiet: true })
  conditional()
  manifest(Object.entries(entries))
  for (const f of ['LICENSE-MIT', 'LICENSE-APACHE', 'README.md']) copyFileSync(join(root, f), join(pkg, f))
  const id = stamp()
  if (!pack) return { id }
  const into = join(root, 'target/pack')
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into, { recursive: true })
  const made = JSON.parse(await run('npm', ['pack', '--json', '--pack-destination', into], { cwd: pkg, quiet: true }).then((o) => o.slice(o.indexOf('['))))
  const tarball = join(into, 'countersign.tgz')
  copyFileSync(join(into, made[0].filename), tarball)
  log(`packed ${made[0].entryCount} files, ${made[0].size} bytes, build ${id}`)
  return { id, tarball }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const began = Date.now()
  build({ pack: true, only: process.argv.includes('--ts') ? 'ts' : undefined }).then(
    ({ id }) => console.log(`built ${id} in ${((Date.now() - began) / 1000).toFixed(1)} s`),
    (error) => {
      console.error(error.message)
      process.exitCode = 1
    },
  )
}

/**
 * The root entry for service workers, where `import()` is forbidden: the core is part of this file's own graph.
 * Import it before any other entry of the package; everything else stays the same.
 */
import { lazy } from './loader.js'
import * as session from './core/session.js'
import * as options from './core/options.js'
import * as org from './core/org.js'
import * as words from './core/words.js'
import * as bytes from '../wasm/core-inline.js'

lazy.session = async () => session
lazy.org = async () => org
lazy.words = async () => words
lazy.options = async () => options
lazy.bytes = async () => bytes

export * from './index.js'

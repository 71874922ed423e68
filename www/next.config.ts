import type { NextConfig } from 'next'

// Empty on purpose: countersign needs no configuration of the bundler.
const config: NextConfig = {}
export default config

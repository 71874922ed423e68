// The built package under test: pkg/dist, or another build named by COUNTERSIGN_DIST.
import { pathToFileURL } from 'node:url'

const base = process.env.COUNTERSIGN_DIST ? pathToFileURL(`${process.env.COUNTERSIGN_DIST}/`) : new URL('../../pkg/dist/', import.meta.url)

/** @param {string} file relative to dist */
export const dist = (file) => import(new URL(file, base).href)

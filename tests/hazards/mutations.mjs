// For each hazard of www/docs/hazards.md the code that meets it, and what is left when it is taken out.
import clocks from './mutations/clocks.mjs'
import flights from './mutations/flights.mjs'
import identity from './mutations/identity.mjs'
import page from './mutations/page.mjs'
import provider from './mutations/provider.mjs'
import requests from './mutations/requests.mjs'
import tokens from './mutations/tokens.mjs'

/** @typedef {import('./mutations/names.mjs').Mutation} Mutation */

const number = (/** @type {string} */ hazard) => Number(hazard.slice(1))

/** In the order of the page. */
export const MUTATIONS = Object.fromEntries(Object.entries({ ...clocks, ...flights, ...identity, ...page, ...provider, ...requests, ...tokens }).sort(([a], [b]) => number(a) - number(b)))

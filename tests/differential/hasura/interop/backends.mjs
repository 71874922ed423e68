// The file `@/lib/backends` of the page in whose name a recipe was imported.
export const { hasura, session } = globalThis[Symbol.for('pages of recipes')].get(new URL(import.meta.url).search)

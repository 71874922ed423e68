import { buildSchema } from './schema.mjs'
export const buildRelaySchema = (catalog, role) => buildSchema(catalog, role)

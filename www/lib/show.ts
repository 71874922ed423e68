// Turning what a backend answered into something to look at.

/** JSON, also of what JSON has no word for: Convex's int64 and bytes. */
export const pretty = (value: unknown): string => JSON.stringify(value, (_key, v: unknown) => {
  if (typeof v === 'bigint') return `${v}n`
  if (v instanceof ArrayBuffer) return `<${v.byteLength} bytes>`
  return v
}, 2) ?? 'undefined'

export interface Table { columns: string[]; rows: unknown[][] }

/**
 * The rows of an answer, when it is a list of flat objects: bare, in `data` (Fauna's page), or under one key (GraphQL, InstaQL).
 * What machines gave out (ids, times) is left to the JSON, unless there is nothing else.
 */
export function tabular(value: unknown): Table | undefined {
  // Through JSON, because values of a driver's classes (Fauna's dates) say there what they are.
  const list = rowsIn(value === undefined ? null : JSON.parse(pretty(value)))
  if (!list?.length || list.length > 200) return undefined
  const all = [...new Set(list.flatMap((row) => Object.keys(row)))]
  const columns = all.some((name) => !MACHINE.test(name)) ? all.filter((name) => !MACHINE.test(name)) : all
  if (columns.length > 8) return undefined
  columns.sort((a, b) => Number(a === 'owner') - Number(b === 'owner')) // what it is comes before whose it is
  const flat = list.every((row) => Object.values(row).every((cell) => cell === null || typeof cell !== 'object'))
  if (!flat) return undefined
  return { columns, rows: list.map((row) => columns.map((name) => row[name])) }
}

const MACHINE = /^_|^(id|ts|coll)$/

type Row = Record<string, unknown>
function rowsIn(value: unknown): Row[] | undefined {
  if (Array.isArray(value)) return value.every((v) => v && typeof v === 'object' && !Array.isArray(v)) ? (value as Row[]) : undefined
  if (!value || typeof value !== 'object') return undefined
  const entries = Object.entries(value)
  const lists = entries.filter(([, v]) => Array.isArray(v))
  if (lists.length !== 1) return undefined
  const [name, list] = lists[0]!
  return name === 'data' || entries.length === 1 ? rowsIn(list) : undefined
}

/** 8 ms, 0.31 s, 12 s. */
export const duration = (ms: number) => (ms < 100 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`)

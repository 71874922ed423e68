// Many equal statements as one, as the engine does for live queries: what differs is only the values, and they become rows.

/** @typedef {import('./schema.mjs').Run['run']} Run */

/**
 * Statements that are asked for before the event loop comes round are run together.
 * @param {Run} run @returns {Run}
 */
export function multiplexed(run) {
  /** @type {{ statement: string, params: unknown[], path: string, resolve: (rows: any[]) => void, reject: (error: unknown) => void }[]} */
  let waiting = []
  const flush = async () => {
    const asked = waiting
    waiting = []
    /** @type {Map<string, typeof asked>} */
    const groups = new Map()
    for (const one of asked) groups.set(one.statement, [...(groups.get(one.statement) ?? []), one])
    for (const [statement, same] of groups) {
      try {
        const answers = same.length === 1 ? [await run(statement, same[0].params, same[0].path)] : await together(run, statement, same)
        same.forEach(({ resolve }, i) => resolve(answers[i]))
      } catch (error) {
        for (const { reject } of same) reject(error)
      }
    }
  }
  return (statement, params, path) => new Promise((resolve, reject) => {
    if (!waiting.length) setImmediate(() => void flush())
    waiting.push({ statement, params, path, resolve, reject })
  })
}

/** Every value of ./sql.mjs is a text that Postgres converts, so a text out of a list can stand for it. */
function together(run, statement, same) {
  const inner = statement.replace(/\$(\d+)::text/g, (_, n) => `given.params ->> ${n - 1}`)
  return run(
    `select (select coalesce(json_agg(q.row), '[]'::json) from (${inner}) q) as row
     from json_array_elements($1::text::json) with ordinality as given(params, turn) order by given.turn`,
    [JSON.stringify(same.map(({ params }) => params))], same[0].path)
}

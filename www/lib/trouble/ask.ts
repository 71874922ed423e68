// The same question to every backend: what belongs to me?
import { anyApi } from 'countersign/convex'
import { fql } from 'countersign/fauna'
import { convex, fauna, hasura, instant, session, type Template } from '../backends'

/** `path`: where the question arrives, as the local server's log names it. */
export const ASK: Record<Template, { path: string; ask: () => Promise<unknown> }> = {
  fauna: { path: '/query/1', ask: () => fauna.query(fql`Order.all()`) },
  hasura: { path: '/v1/graphql', ask: () => hasura.request('{ messages { body } }') },
  convex: { path: '/api/query', ask: () => convex.query((anyApi as any).messages.getForCurrentUser, {}) },
  // As on its card: Instant keeps a session of its own, and the token beside it is renewed when it is due.
  instant: { path: '/admin/query', ask: () => session.getToken('instant').then(() => instant.queryOnce({ todos: {} })) },
}

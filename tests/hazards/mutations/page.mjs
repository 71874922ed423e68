// Tabs, back and forward, workers, hot reload, React, sockets.
import { auth, driver, node } from './names.mjs'

const FENCES = 'src/auth/fences.rs'
const MACHINE = 'src/auth/machine.rs'
const SESSION = 'pkg/src/core/session.ts'
const PAGE = 'pkg/src/core/page.ts'

/** @type {import('./names.mjs').Mutations} */
export default {
  H18: [
    {
      without: 'the news that somebody left',
      file: PAGE, from: "say('left', last)", to: "say('rejected', last)",
      tests: node('browser/signals', 'B signs in in one tab while a request of A is in flight in the other'),
    },
    {
      without: 'asking the provider again when a tab says that somebody left',
      file: PAGE, from: 'heardAt = performance.now()\n          recheck()', to: 'heardAt = performance.now()',
      tests: node('browser/signals', 'sign out in one tab: the other sends nothing with the old token a second later'),
    },
    {
      without: 'asking once more, for a signal that overtook the provider',
      file: PAGE, from: 'setTimeout(() => connection.recheck(), AGAIN_MS)', to: 'setTimeout(() => {}, AGAIN_MS)',
      tests: node('browser/signals', 'a signal that overtakes what the provider wrote down: it is asked once more'),
    },
    {
      without: 'forcing what is at hand: the signal alone is believed neither way',
      file: PAGE, from: 'command(op.invalidate, -1)\n    connection.recheck()', to: 'connection.recheck()',
      tests: node('browser/signals', 'not blind trust: a tab whose provider still vouches goes on, with a token that the provider gave after the signal'),
    },
    {
      without: 'ignoring what is about other people',
      file: PAGE, from: 'if (v !== 1 || who !== last) return', to: 'if (v !== 1) return',
      tests: node('browser/signals', 'other people’s, other versions’ and broken messages are ignored'),
    },
    {
      without: 'the rule that an answer to a signal is not passed on',
      file: PAGE, from: 'last !== undefined && (last !== heard || performance.now() - heardAt > ECHO_MS)', to: 'last !== undefined && (last !== heard || performance.now() - heardAt > -ECHO_MS)',
      tests: node('browser/signals', 'a provider that says "nobody" whenever it is watched cannot make two tabs answer each other for ever'),
    },
    {
      without: 'heeding a refusal that another tab tells of',
      file: PAGE, from: 'if (obtained && obtained < at && first(template!)) command(op.invalidate, key)', to: 'if (obtained && obtained < at) first(template!)',
      tests: node('browser/signals', 'a token that a backend refused in one tab is renewed in the others before they send it, once a minute'),
    },
  ],
  H19: [
    {
      without: 'asking the provider before anything is sent from a page that came back',
      file: PAGE, from: 'open()\n      recheck()\n      command(op.wake)', to: 'open()\n      command(op.wake)',
      tests: node('browser/life', 'put aside by "back": eligible while idle, the same page comes back, and the provider is asked before anything is sent'),
    },
    {
      without: 'listening again on a page that came back',
      file: PAGE, from: 'away = false\n      open()', to: 'away = false',
      tests: node('browser/life', 'put aside while the user leaves in another tab'),
    },
  ],
  H20: [
    {
      without: 'the rule that a service worker renews nothing ahead of need',
      file: PAGE, from: "+(visible && !('skipWaiting' in target))", to: '+visible',
      tests: node('browser/workers', 'a service worker sets no timer ahead of need, the others do; what a caller set for itself runs out all the same'),
    },
    {
      without: 'the check for a document',
      file: PAGE, from: 'target.document?.visibilityState', to: 'target.document!.visibilityState',
      tests: node('browser/workers', 'a service worker sets no timer ahead of need, the others do; what a caller set for itself runs out all the same'),
    },
    {
      without: 'the server that keeps nothing: every read asks',
      file: MACHINE, from: 'matches!(self.who, Who::Known(_)) && !self.policy.uncached', to: 'matches!(self.who, Who::Known(_))',
      tests: auth('cache::uncached_asks_for_every_read'),
    },
  ],
  H21: [
    {
      without: 'the end of the first session when a second one of its name starts',
      file: SESSION, from: '    other()\n', to: '',
      tests: node('package/session', 'dispose settles what waits; a second session of the same name disposes the first'),
    },
    {
      without: 'taking listeners and the channel away at the end',
      file: SESSION, from: 'for (const stop of this.#stop.splice(0)) stop()', to: 'this.#stop.splice(0)',
      tests: node('package/tabs', 'each session that is started has one channel, named by it, until it is disposed'),
    },
    {
      without: 'the answer to everybody who waits at the end',
      file: FENCES, from: 'self.fail_all(waiting, Why::Disposed);', to: 'drop(waiting);',
      tests: auth('answers::the_end_tells_everybody_and_stays_the_end'),
    },
    {
      without: 'the end of the timer',
      file: FENCES, from: 'if self.disposed {\n            return None;\n        }', to: '',
      tests: auth('answers::the_end_tells_everybody_and_stays_the_end').concat(driver('calls::after_the_end_there_is_no_timer_and_no_token')),
    },
  ],
  H22: [
    {
      without: 'the turn that an unmounted provider waits before it lets go',
      file: 'pkg/src/react/seat.ts', from: 'this.#timer = setTimeout(() => this.#settle())', to: 'this.#settle()',
      tests: node('package/react-identity', 'mounted, unmounted and mounted again in one turn: one call of the provider; unmounted for good: calls wait and say what is missing'),
    },
    {
      without: 'the comparison of identities by value',
      file: 'pkg/src/react/seat.ts', from: '(!!a && !!b && a.user === b.user', to: '(!!a && !!b && a === b && a.user === b.user',
      tests: node('package/react-identity', 'equal identities and new functions at every render: no connection, no call, no event, no other key'),
    },
    {
      without: 'the turn after which listeners are told',
      file: 'pkg/src/core/observers.ts', from: 'queueMicrotask(() => {', to: ';((tell: () => void) => tell())(() => {',
      tests: node('package/listeners', 'no listener is told before the call that caused the event has returned'),
    },
  ],
  H25: [
    {
      without: 'the lead of the consumer',
      file: FENCES, from: 'Some(lead) => held.expires_at(&self.skew) - DurationMs(lead.0.clamp(self.policy.margin(held.life, latency).0, held.life.0 / 2)),', to: 'Some(_) => held.refresh_at(&self.policy, &self.skew),',
      tests: auth('leases::the_next_lease_comes_at_the_lead_of_the_consumer'),
    },
    {
      without: 'the patience of a socket',
      file: MACHINE, from: 'Want::Next(..) => Mono::NEVER,', to: 'Want::Next(..) if false => Mono::NEVER,',
      tests: auth('leases::a_socket_waits_for_ever_and_renews_for_ever', 'leases::a_failing_provider_leaves_sockets_waiting'),
    },
    {
      without: 'the better token for a socket whose own was refused',
      file: FENCES, from: 'self.renew(now, key, lease);', to: 'let _ = Self::renew;',
      tests: auth('leases::refused_while_waiting_a_better_one_is_asked_for_at_once'),
    },
    {
      without: 'the timer for sockets',
      file: FENCES, from: 'matches!(w.want, Want::Next(..)) && !m.flying(w, now)', to: 'matches!(w.want, Want::Next(..)) && !m.flying(w, now) && false',
      tests: auth('leases::the_next_lease_comes_at_the_lead_of_the_consumer', 'leases::a_provider_that_hangs_is_asked_again_for_a_socket'),
    },
    {
      without: 'the next token at once, when the app says that its contents changed',
      file: FENCES, from: 'if dropped {', to: 'if dropped && false {',
      tests: auth('leases::an_invalidation_moves_sockets_now_and_by_force'),
    },
  ],
}

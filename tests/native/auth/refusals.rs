//! Backends that refuse, again and again.

use countersign::auth::machine::Want;
use countersign::core::error::Why;

use crate::world::*;

#[test]
fn a_provider_that_has_no_other_token_is_not_asked_at_every_refusal() {
    let mut w = World::alice();
    let reader = w.read();
    let token = w.grant(0, 600);
    let lease = w.lease_of(reader);
    w.provider = Some(Box::new(move |_, _| Some(answer(&token))));
    for _ in 0..20 {
        let better = w.want(KEY, Want::Better(lease));
        assert!(matches!(w.outcome(better), Some(Outcome::Failed(Why::SameToken))), "{:?}", w.outcome(better));
        w.run(100);
    }
    // Two seconds. At once, once more by force, and after the second wait of the back-off.
    assert!(w.forced() <= 3, "{} forced calls", w.forced());
}

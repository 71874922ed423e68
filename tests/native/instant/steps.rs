use countersign::backends::instant::failure::Failure;
use countersign::backends::instant::machine::{Bridge, Effect, Event, Held, Identity, IdentityId, Owner, SessionId, State};

const ALICE: IdentityId = IdentityId(1);
const BOB: IdentityId = IdentityId(2);
const S1: SessionId = SessionId(1);
const S2: SessionId = SessionId(2);

fn effects(bridge: &mut Bridge) -> Vec<Effect> {
    std::iter::from_fn(|| bridge.poll()).filter(|effect| !matches!(effect, Effect::RetryAt(_))).collect()
}

fn step(bridge: &mut Bridge, event: Event, now: i64) -> Vec<Effect> {
    bridge.handle(event, now);
    effects(bridge)
}

fn exchange(epoch: u32) -> Effect {
    Effect::Exchange { epoch, attach: None, force: false }
}

fn held(session: SessionId, owner: Owner) -> Held {
    Held { session, owner }
}

fn fresh(identity: Identity) -> Bridge {
    let mut bridge = Bridge::new();
    bridge.handle(Event::Identity(identity), 0);
    bridge
}

/// Signed in as Alice with session 1.
fn alice() -> Bridge {
    let mut bridge = fresh(Identity::User(ALICE));
    bridge.handle(Event::Stored(None), 0);
    bridge.handle(Event::Exchanged { epoch: 1, session: S1 }, 0);
    effects(&mut bridge);
    assert_eq!(bridge.usable(), Some(S1));
    bridge
}

#[test]
fn waits_for_both_the_identity_and_the_storage() {
    let mut bridge = Bridge::new();
    assert_eq!(step(&mut bridge, Event::Stored(None), 0), []);
    assert_eq!(step(&mut bridge, Event::Identity(Identity::User(ALICE)), 0), [exchange(1), Effect::Notify(State::SigningIn)]);
    let mut bridge = fresh(Identity::User(ALICE));
    assert_eq!(effects(&mut bridge), []);
    assert_eq!(step(&mut bridge, Event::Stored(None), 0), [exchange(1), Effect::Notify(State::SigningIn)]);
}

#[test]
fn a_stored_session_of_the_same_identity_is_kept_without_a_request() {
    let mut bridge = fresh(Identity::User(ALICE));
    assert_eq!(step(&mut bridge, Event::Stored(Some(held(S1, Owner::User(ALICE)))), 0), [Effect::Notify(State::SignedIn)]);
}

#[test]
fn a_stored_session_of_somebody_else_is_revoked_before_the_exchange() {
    for owner in [Owner::User(BOB), Owner::Stranger, Owner::Nobody] {
        let mut bridge = fresh(Identity::User(ALICE));
        assert_eq!(
            step(&mut bridge, Event::Stored(Some(held(S1, owner))), 0),
            [Effect::Clear { dead: false }, Effect::Revoke(S1), Effect::Notify(State::SigningIn)]
        );
        assert_eq!(step(&mut bridge, Event::Revoked(S1), 0), [exchange(1)]);
    }
}

#[test]
fn a_user_switch_signs_the_old_user_out_first() {
    let mut bridge = alice();
    assert_eq!(
        step(&mut bridge, Event::Identity(Identity::User(BOB)), 1),
        [Effect::Clear { dead: false }, Effect::Revoke(S1), Effect::Notify(State::SigningIn)]
    );
    assert_eq!(bridge.usable(), None);
    assert_eq!(step(&mut bridge, Event::Revoked(S1), 2), [exchange(2)]);
    assert_eq!(
        step(&mut bridge, Event::Exchanged { epoch: 2, session: S2 }, 3),
        [Effect::Store(held(S2, Owner::User(BOB))), Effect::Notify(State::SignedIn)]
    );
}

#[test]
fn an_exchange_that_finishes_after_sign_out_is_revoked_not_applied() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Stored(None), 0);
    assert_eq!(step(&mut bridge, Event::Identity(Identity::Nobody), 1), [Effect::Notify(State::SignedOut)]);
    assert_eq!(step(&mut bridge, Event::Exchanged { epoch: 1, session: S1 }, 2), [Effect::Revoke(S1)]);
    assert_eq!(bridge.held(), None);
}

#[test]
fn leaving_and_coming_back_does_not_take_the_old_exchange() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Stored(None), 0);
    step(&mut bridge, Event::Identity(Identity::User(BOB)), 1);
    step(&mut bridge, Event::Identity(Identity::User(ALICE)), 2);
    assert_eq!(step(&mut bridge, Event::Exchanged { epoch: 1, session: S1 }, 3), [Effect::Revoke(S1)]);
    assert_eq!(step(&mut bridge, Event::Revoked(S1), 3), [exchange(2)]);
}

#[test]
fn a_hold_changes_nothing() {
    let mut bridge = alice();
    assert_eq!(step(&mut bridge, Event::Identity(Identity::Unknown), 1), []);
    assert_eq!(bridge.usable(), None, "nothing may be sent while it is not known for whom");
    assert_eq!(step(&mut bridge, Event::Identity(Identity::User(ALICE)), 2), []);
    assert_eq!(bridge.usable(), Some(S1));
}

#[test]
fn a_guest_is_attached_and_revoked_when_it_was_left_behind() {
    let mut bridge = fresh(Identity::Nobody);
    assert_eq!(step(&mut bridge, Event::Stored(Some(held(S1, Owner::Guest))), 0), [Effect::Notify(State::SignedIn)]);
    assert_eq!(
        step(&mut bridge, Event::Identity(Identity::User(ALICE)), 1),
        [Effect::Exchange { epoch: 1, attach: Some(S1), force: false }, Effect::Notify(State::SigningIn)]
    );
    assert_eq!(
        step(&mut bridge, Event::Exchanged { epoch: 1, session: S2 }, 2),
        [Effect::Store(held(S2, Owner::User(ALICE))), Effect::Revoke(S1), Effect::Notify(State::SignedIn)]
    );
}

#[test]
fn a_guest_attached_for_somebody_who_left_is_not_a_guest_any_more() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Stored(Some(held(S1, Owner::Guest))), 0);
    assert_eq!(
        step(&mut bridge, Event::Identity(Identity::Nobody), 1),
        [Effect::Clear { dead: false }, Effect::Notify(State::SignedOut)]
    );
    assert_eq!(step(&mut bridge, Event::Exchanged { epoch: 1, session: S1 }, 2), [Effect::Revoke(S1)]);
}

#[test]
fn a_guest_whose_exchange_was_refused_is_still_a_guest_one_without_an_answer_is_not() {
    for (failure, still) in [(Failure::Permanent, true), (Failure::Transient { after_ms: 0 }, false)] {
        let mut bridge = fresh(Identity::User(ALICE));
        step(&mut bridge, Event::Stored(Some(held(S1, Owner::Guest))), 0);
        step(&mut bridge, Event::Failed { epoch: 1, failure }, 1);
        step(&mut bridge, Event::Identity(Identity::Nobody), 2);
        assert_eq!(bridge.usable().is_some(), still, "{failure:?}");
    }
}

#[test]
fn what_the_application_did_before_the_storage_was_read_counts() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Leave { revoke: true }, 0);
    assert_eq!(
        step(&mut bridge, Event::Stored(Some(held(S1, Owner::User(ALICE)))), 0),
        [Effect::Clear { dead: false }, Effect::Revoke(S1), Effect::Notify(State::SignedOut)]
    );
}

#[test]
fn an_expired_token_is_forced_once_and_then_told() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Stored(None), 0);
    let failed = |epoch| Event::Failed { epoch, failure: Failure::Expired };
    assert_eq!(step(&mut bridge, failed(1), 0), [Effect::Exchange { epoch: 2, attach: None, force: true }]);
    assert_eq!(step(&mut bridge, failed(2), 0), [Effect::Notify(State::Failed)]);
    assert_eq!(step(&mut bridge, Event::Tick, 1_000_000), []);
    assert_eq!(step(&mut bridge, Event::Retry, 1_000_000), [exchange(3), Effect::Notify(State::SigningIn)]);
}

#[test]
fn transient_failures_climb_the_ladder_and_honour_the_server() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Stored(None), 0);
    bridge.handle(Event::Failed { epoch: 1, failure: Failure::Transient { after_ms: 0 } }, 100);
    assert_eq!(bridge.poll(), Some(Effect::RetryAt(Some(1_100))));
    bridge.handle(Event::Tick, 1_100);
    effects(&mut bridge);
    bridge.handle(Event::Failed { epoch: 2, failure: Failure::Transient { after_ms: 20_000 } }, 1_100);
    assert_eq!(bridge.poll(), Some(Effect::RetryAt(Some(21_100))));
    assert_eq!(step(&mut bridge, Event::Wake, 2_000), [exchange(3)]);
    assert_eq!(step(&mut bridge, Event::Failed { epoch: 3, failure: Failure::Unknown }, 2_000), [Effect::Notify(State::Failed)]);
    assert_eq!(step(&mut bridge, Event::Tick, 100_000), [exchange(4)], "told, and still trying");
}

#[test]
fn a_timer_that_goes_off_early_is_set_again() {
    let mut bridge = alice();
    step(&mut bridge, Event::Identity(Identity::Nobody), 100);
    bridge.handle(Event::RevokeFailed(S1), 100);
    assert_eq!(bridge.poll(), Some(Effect::RetryAt(Some(1_100))));
    bridge.handle(Event::Tick, 1_099);
    assert_eq!(bridge.poll(), Some(Effect::RetryAt(Some(1_100))));
    assert_eq!(step(&mut bridge, Event::Tick, 1_100), [Effect::Revoke(S1)]);
}

#[test]
fn a_permanent_failure_waits_for_another_identity() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Stored(None), 0);
    assert_eq!(step(&mut bridge, Event::Failed { epoch: 1, failure: Failure::Permanent }, 0), [Effect::Notify(State::Failed)]);
    assert_eq!(step(&mut bridge, Event::Wake, 5), []);
    assert_eq!(step(&mut bridge, Event::Identity(Identity::User(BOB)), 6), [exchange(2), Effect::Notify(State::SigningIn)]);
}

#[test]
fn a_failing_revocation_does_not_hold_up_the_next_user() {
    let mut bridge = alice();
    step(&mut bridge, Event::Identity(Identity::User(BOB)), 1);
    assert_eq!(step(&mut bridge, Event::RevokeFailed(S1), 1), [exchange(2)]);
    step(&mut bridge, Event::Exchanged { epoch: 2, session: S2 }, 2);
    assert_eq!(step(&mut bridge, Event::Tick, 1_001), [Effect::Revoke(S1)]);
}

#[test]
fn the_applications_own_sign_in_and_sign_out_hold_until_the_identity_changes() {
    let mut bridge = alice();
    assert_eq!(step(&mut bridge, Event::Adopt { session: S2, guest: false }, 1), [Effect::Store(held(S2, Owner::User(ALICE))), Effect::Revoke(S1)]);
    step(&mut bridge, Event::Revoked(S1), 1);
    assert_eq!(
        step(&mut bridge, Event::Leave { revoke: true }, 2),
        [Effect::Clear { dead: false }, Effect::Revoke(S2), Effect::Notify(State::SignedOut)]
    );
    assert_eq!(step(&mut bridge, Event::Revoked(S2), 3), []);
    assert_eq!(step(&mut bridge, Event::Identity(Identity::User(BOB)), 4), [exchange(2), Effect::Notify(State::SigningIn)]);
}

#[test]
fn a_session_the_server_lost_is_replaced_without_a_request_to_end_it() {
    let mut bridge = alice();
    assert_eq!(step(&mut bridge, Event::Lost(S2), 1), [], "not the one in use");
    assert_eq!(step(&mut bridge, Event::Lost(S1), 1), [Effect::Clear { dead: true }, exchange(2), Effect::Notify(State::SigningIn)]);
}

#[test]
fn a_guest_that_the_application_made_becomes_the_next_user_but_no_other_sign_in_does() {
    for (guest, then) in [
        (true, vec![Effect::Exchange { epoch: 1, attach: Some(S1), force: false }, Effect::Notify(State::SigningIn)]),
        (false, vec![Effect::Clear { dead: false }, Effect::Revoke(S1), Effect::Notify(State::SigningIn)]),
    ] {
        let mut bridge = fresh(Identity::Nobody);
        step(&mut bridge, Event::Stored(None), 0);
        step(&mut bridge, Event::Adopt { session: S1, guest }, 1);
        assert_eq!(bridge.usable(), Some(S1));
        assert_eq!(step(&mut bridge, Event::Identity(Identity::User(ALICE)), 2), then);
    }
}

#[test]
fn a_guest_made_while_somebody_is_signed_in_stays_until_the_identity_changes() {
    let mut bridge = alice();
    assert_eq!(
        step(&mut bridge, Event::Adopt { session: S2, guest: true }, 1),
        [Effect::Store(held(S2, Owner::User(ALICE))), Effect::Revoke(S1)]
    );
    assert_eq!(bridge.usable(), Some(S2));
}

#[test]
fn a_session_that_another_tab_stored_takes_the_place_of_this_ones_and_is_not_stored_again() {
    let mut bridge = alice();
    assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S2, Owner::User(ALICE))), 1), [Effect::Revoke(S1)]);
    assert_eq!(bridge.usable(), Some(S2));
    step(&mut bridge, Event::Revoked(S1), 1);
    assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S2, Owner::User(ALICE))), 2), [], "it is in use already");
}

#[test]
fn the_exchange_under_way_gives_way_to_what_another_tab_stored() {
    let mut bridge = fresh(Identity::User(ALICE));
    step(&mut bridge, Event::Stored(None), 0);
    assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S1, Owner::User(ALICE))), 1), [Effect::Notify(State::SignedIn)]);
    assert_eq!(step(&mut bridge, Event::Exchanged { epoch: 1, session: S2 }, 2), [Effect::Revoke(S2)]);
    assert_eq!(bridge.usable(), Some(S1));
}

#[test]
fn after_a_failure_or_a_sign_out_another_tabs_sign_in_is_this_ones() {
    for event in [Event::Failed { epoch: 1, failure: Failure::Permanent }, Event::Leave { revoke: true }] {
        let mut bridge = fresh(Identity::User(ALICE));
        step(&mut bridge, Event::Stored(None), 0);
        step(&mut bridge, event, 1);
        assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S2, Owner::User(ALICE))), 2), [Effect::Notify(State::SignedIn)]);
    }
}

#[test]
fn what_another_tab_stored_for_somebody_else_or_what_is_being_ended_here_is_left_alone() {
    for owner in [Owner::User(BOB), Owner::Nobody, Owner::Guest, Owner::Stranger] {
        let mut bridge = alice();
        assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S2, owner)), 1), [], "{owner:?}");
        assert_eq!(bridge.usable(), Some(S1));
    }
    let mut bridge = alice();
    step(&mut bridge, Event::Leave { revoke: true }, 1);
    assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S1, Owner::User(ALICE))), 1), []);
    step(&mut bridge, Event::RevokeFailed(S1), 1);
    assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S1, Owner::User(ALICE))), 1), []);
    assert_eq!(bridge.usable(), None);
    let mut bridge = fresh(Identity::User(ALICE));
    assert_eq!(step(&mut bridge, Event::StoredElsewhere(held(S1, Owner::User(ALICE))), 0), [], "this tab has not read the storage yet, and will");
}

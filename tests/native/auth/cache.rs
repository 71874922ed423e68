//! Keeping tokens: until when, and who renews them.

use countersign::auth::entry::Reason;
use countersign::auth::policy::Policy;

use crate::world::*;

#[test]
fn lead_margin_and_interval_follow_the_formulas() {
    let policy = Policy::default();
    // life, lead, margin without latency, interval; all in milliseconds
    for (life, lead, margin, interval) in [
        (0, 0, 0, 0),
        (1_000, 250, 125, 250),
        (5_000, 1_250, 625, 1_250),
        (10_000, 2_000, 1_250, 2_500),
        (20_000, 4_000, 2_000, 5_000),
        (60_000, 12_000, 2_000, 5_000),
        (300_000, 60_000, 2_000, 5_000),
        (86_400_000, 60_000, 2_000, 5_000),
    ] {
        assert_eq!(policy.lead(ms(life)), ms(lead), "lead of {life}");
        assert_eq!(policy.margin(ms(life), ms(0)), ms(margin), "margin of {life}");
        assert_eq!(policy.interval(ms(life)), ms(interval), "interval of {life}");
    }
    assert_eq!(policy.margin(ms(60_000), ms(1_000)), ms(3_000));
    assert_eq!(policy.margin(ms(600_000), ms(60_000)), ms(7_000), "a latency counts for 5 s at most");
    let own = Policy { lead: Some(ms(90_000)), margin: Some(ms(30_000)), ..Policy::default() };
    assert_eq!(own.lead(ms(60_000)), ms(15_000), "never more than a quarter of the life");
    assert_eq!(own.margin(ms(60_000), ms(0)), ms(7_500), "never more than an eighth");
}

#[test]
fn a_token_is_kept_until_its_lead_and_renewed_behind_the_reader() {
    let mut w = World::alice();
    let first = w.read();
    assert_eq!(w.outcome(first), None);
    let token = w.grant(0, 60);
    assert_eq!(w.token_of(first), token);
    for _ in 0..47 {
        w.run(seconds(1));
        let reader = w.read();
        assert_eq!(w.token_of(reader), token, "answered at once");
        assert_eq!(w.calls.len(), 1);
    }
    w.run(seconds(1));
    let reader = w.read();
    assert_eq!(w.token_of(reader), token, "the old one serves while the new one is fetched");
    assert_eq!((w.calls.len(), w.calls[1].force, w.calls[1].reason), (2, false, Reason::Expiring));
    let next = w.grant(1, 60);
    assert_eq!(w.peek(), Some(next));
}

#[test]
fn an_unread_token_is_not_renewed_and_a_hidden_page_renews_nothing() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.m.visible(w.time(), false);
    w.run(seconds(600));
    assert_eq!(w.calls.len(), 1, "hidden");
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.run(seconds(48));
    w.grant(1, 60);
    w.run(seconds(3_600));
    assert_eq!(w.calls.len(), 2, "once ahead of need after a read, then nobody wants it");
}

#[test]
fn peek_and_the_mirror_ask_nobody() {
    let mut w = World::alice();
    assert_eq!(w.peek(), None);
    w.read();
    let token = w.grant(0, 60);
    assert_eq!(w.mirrors[&0], Some((token.clone(), w.now, w.now + 48_000)), "up to the lead: from there a read must come by");
    w.m.visible(w.time(), false);
    w.run(57_999);
    assert_eq!(w.peek(), Some(token));
    w.run(1);
    assert_eq!(w.peek(), None, "less than the margin is left");
    assert_eq!(w.calls.len(), 1);
}

#[test]
fn a_clock_set_back_before_the_receipt_proves_nothing() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.jump(-seconds(3_600));
    assert_eq!(w.peek(), None);
    w.read();
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn uncached_asks_for_every_read() {
    let mut w = World::with(Policy { uncached: true, ..Policy::default() });
    w.tell("alice");
    for n in 0..3 {
        let reader = w.read();
        let token = w.grant(n, 60);
        assert_eq!(w.token_of(reader), token);
        assert_eq!((w.peek(), w.mirrors[&0].clone()), (None, None));
    }
}

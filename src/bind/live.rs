//! The machines of `live` for JavaScript: events in as numbers and a text, effects out as numbers. One class for all of them, because each class would
//! bring a copy of what wasm-bindgen puts around one.

use crate::core::time::{Mono, Now, UnixMillis};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// What happened, to which one, and what else there is to say of it: a text and two numbers.
pub struct Told<'a> {
    /// By the backend's own list.
    pub what: u32,
    /// A connection, a session, an attempt.
    pub id: u32,
    /// The first number.
    pub a: f64,
    /// The second one; NaN where JavaScript leaves it out.
    pub b: f64,
    /// Empty where there is none.
    pub text: &'a str,
}

/// A backend's machine, as far as JavaScript sees it. What the numbers mean is said where a backend makes its own.
pub trait Live {
    /// Something happened.
    fn tell(&mut self, told: Told<'_>, now: Now, random: f64);
    /// The next effect: what, and up to three numbers about it.
    fn poll(&mut self) -> Option<[f64; 4]>;
    /// A number that can be read at any time.
    fn usable(&self) -> u32 {
        0
    }
}

/// Decides; whatever it decides about (tokens, cursors, events, users) stays in JavaScript.
#[wasm_bindgen]
pub struct Machine {
    // Methods take `&self`: an effect that JavaScript carries out at once may come back in while another method is on the stack.
    machine: RefCell<Box<dyn Live>>,
}

impl Machine {
    /// Around a backend's.
    pub fn of(machine: impl Live + 'static) -> Self {
        Self { machine: RefCell::new(Box::new(machine)) }
    }
}

#[wasm_bindgen]
impl Machine {
    /// Something happened: what, to which one, a number and a text about it; both clocks, a random number from 0 to 1, and another number about it.
    #[allow(clippy::too_many_arguments)]
    pub fn tell(&self, what: u32, id: u32, a: f64, text: &str, mono: f64, wall: f64, random: f64, #[wasm_bindgen(unchecked_optional_param_type = "number")] b: f64) {
        let now = Now { wall: UnixMillis(wall as i64), mono: Mono(mono as i64) };
        self.machine.borrow_mut().tell(Told { what, id, a, b, text }, now, random);
    }

    /// The next effect as `[what, a, b, c]`, or nothing.
    pub fn poll(&self) -> Option<Box<[f64]>> {
        self.machine.borrow_mut().poll().map(|numbers| Box::new(numbers) as Box<[f64]>)
    }

    /// What the bridge to Instant may send for the present identity: the number of a session, or 0.
    pub fn usable(&self) -> u32 {
        self.machine.borrow().usable()
    }
}

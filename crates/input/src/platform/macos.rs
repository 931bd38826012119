//! macOS: there is no control yet.
//!
//! Events could be posted there (`CGEventPost`), but nothing short of running it shows whether the user's input can be told
//! from what is posted, and whether a press can be kept from the agent's own windows; without both there is no control.

use crate::{Display, Done, Error, Held, Options, Reason, platform::Report};

/// There is none.
pub(crate) enum Injector {}

impl Injector {
    pub(crate) fn open(_display: &Display, _options: Options, _report: Report) -> Result<Self, Error> {
        Err(Reason::System.into())
    }

    pub(crate) fn set_own(&mut self, _own: Vec<u32>) {
        match *self {}
    }

    pub(crate) fn key(&mut self, _down: bool, _symbol: u32) -> Result<Done, Error> {
        match *self {}
    }

    pub(crate) fn pointer(&mut self, _x: u16, _y: u16, _buttons: u16) -> Result<Done, Error> {
        match *self {}
    }

    pub(crate) fn held(&self) -> Held {
        match *self {}
    }

    pub(crate) fn release_all(&mut self) -> Result<(), Error> {
        match *self {}
    }
}

pub(crate) fn release(_display: &Display, _held: &Held) -> Result<(), Error> {
    Err(Reason::System.into())
}

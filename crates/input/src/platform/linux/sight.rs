//! Whose windows a press would reach. What is found holds as long as the server is grabbed, and no longer.
//!
//! A window's owner is who made it (X-Resource), and not what its properties say: those are anybody's to write.

use std::{collections::BTreeMap, fs};

use x11rb::{
    connection::Connection as _,
    protocol::{
        res::{ClientIdMask, ClientIdSpec, ConnectionExt as _, QueryClientIdsReply},
        xkb::{self, ConnectionExt as _},
        xproto::{ConnectionExt as _, InputFocus, Window},
    },
};

use super::{
    keymap::State,
    server::{Grab, Server},
};
use crate::{Error, Reason};

/// Deeper than any program nests its windows.
const DEEPEST: usize = 64;
/// A window manager puts a window into a frame, and some put a further window between.
const FRAME_DEPTH: usize = 3;

/// The processes that made the windows there are.
struct Owners {
    /// By the part of a window's number that is the client's.
    processes: BTreeMap<u32, u32>,
    client: u32,
}

/// Where a press of a key would go.
pub(super) struct Keyboard {
    pub(super) state: State,
    pub(super) reaches_own: bool,
}

/// Makes sure that the server tells of this process what it has to tell of others.
pub(super) fn check(server: &Server) -> Result<(), Error> {
    let owners = Owners::new(server, ask(server)?.reply()?);
    let own = owners.process(server.connection.setup().resource_id_base);
    if own == Some(std::process::id()) { Ok(()) } else { Err(Reason::Owners.into()) }
}

pub(super) fn keyboard(server: &Grab<'_>, own: &[u32]) -> Result<Keyboard, Error> {
    let connection = &server.connection;
    let state = connection.xkb_get_state(xkb::ID::USE_CORE_KBD.into())?;
    let focus = connection.get_input_focus()?;
    let pointer = connection.query_pointer(server.root)?;
    let owners = ask(server)?;
    let (state, focus, pointer) = (state.reply()?, focus.reply()?.focus, pointer.reply()?);
    let owners = Owners::new(server, owners.reply()?);
    let reaches_own = if focus == server.root || focus == u32::from(InputFocus::POINTER_ROOT) {
        owners.reach(server, (pointer.root_x, pointer.root_y), own)?
    } else if focus == u32::from(InputFocus::NONE) {
        false
    } else {
        owners.has(focus, own) || owners.frames(server, focus, own)?
    };
    let locked = u16::from(state.locked_mods | state.latched_mods) as u8;
    Ok(Keyboard { state: State { group: u8::from(state.group), locked }, reaches_own })
}

/// Whether a press of a button there would reach one of the agent's windows.
pub(super) fn reaches_own(server: &Grab<'_>, at: (i16, i16), own: &[u32]) -> Result<bool, Error> {
    Owners::new(server, ask(server)?.reply()?).reach(server, at, own)
}

fn ask(
    server: &Server,
) -> Result<x11rb::cookie::Cookie<'_, x11rb::rust_connection::RustConnection, QueryClientIdsReply>, Error> {
    let all = ClientIdSpec { client: x11rb::NONE, mask: ClientIdMask::LOCAL_CLIENT_PID };
    Ok(server.connection.res_query_client_ids(&[all])?)
}

impl Owners {
    fn new(server: &Server, reply: QueryClientIdsReply) -> Self {
        let client = !server.connection.setup().resource_id_mask;
        let process =
            |id: &x11rb::protocol::res::ClientIdValue| Some((id.spec.client & client, *id.value.first()?));
        Self { processes: reply.ids.iter().filter_map(process).collect(), client }
    }

    fn process(&self, window: Window) -> Option<u32> {
        self.processes.get(&(window & self.client)).copied()
    }

    /// Whether the window is one of the agent's.
    fn has(&self, window: Window, own: &[u32]) -> bool {
        self.process(window).is_some_and(|process| {
            own.contains(&process) || parent(process).is_none_or(|parent| own.contains(&parent))
        })
    }

    /// Whether the place belongs to one of the agent's windows, or to the frame around one.
    fn reach(&self, server: &Server, (x, y): (i16, i16), own: &[u32]) -> Result<bool, Error> {
        let mut window = server.root;
        for depth in 0..DEEPEST {
            window = server.connection.translate_coordinates(server.root, window, x, y)?.reply()?.child;
            if window == x11rb::NONE {
                return Ok(false);
            }
            if self.has(window, own) || depth == 0 && self.frames(server, window, own)? {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Whether the window is the frame that a window manager has put around one of the agent's.
    fn frames(&self, server: &Server, window: Window, own: &[u32]) -> Result<bool, Error> {
        let mut frames = vec![window];
        for _ in 0..FRAME_DEPTH {
            let asked: Result<Vec<_>, _> =
                frames.iter().map(|frame| server.connection.query_tree(*frame)).collect();
            let mut inside = Vec::new();
            for tree in asked? {
                inside.extend(tree.reply()?.children);
            }
            if inside.iter().any(|window| self.has(*window, own)) {
                return Ok(true);
            }
            // What others have put inside is theirs, and no frame.
            inside.retain(|inner| inner & self.client == window & self.client);
            frames = inside;
        }
        Ok(false)
    }
}

fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may contain anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_the_parent_that_started_it() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(parent(child.id()), Some(std::process::id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(parent(child.id()), None);
    }
}

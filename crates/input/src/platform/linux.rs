//! Linux: the X server, through its extension for tests (XTEST). Under Wayland control needs the desktop portal, which is
//! not spoken here.

mod injector;
mod keymap;
mod keys;
mod server;
mod sight;
mod spares;
mod symbol;
mod watch;

pub(crate) use injector::{Injector, release};

#[cfg(test)]
mod tests {
    use crate::{Display, Error, Held, Injector, Options, Reason};

    fn display(variables: &[(&str, &str)]) -> Display {
        Display::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn reason<T>(result: Result<T, Error>) -> Reason {
        match result {
            Err(Error::Unsupported { reason }) => reason,
            Err(error) => panic!("not unsupported but {error:?}"),
            Ok(_) => panic!("supported"),
        }
    }

    fn opened(display: &Display) -> Result<Injector, Error> {
        Injector::open(display, Options::new(Vec::new()), |_| {})
    }

    #[test]
    fn a_wayland_session_is_unsupported_even_with_an_x_server_beside_it() {
        let by_kind = display(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "wayland")]);
        let by_socket = display(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")]);
        for session in [by_kind, by_socket] {
            assert_eq!(reason(opened(&session)), Reason::Wayland);
            assert_eq!(reason(crate::release(&session, &Held::default())), Reason::Wayland);
        }
    }

    #[test]
    fn without_a_display_nothing_is_injected() {
        assert_eq!(reason(opened(&display(&[]))), Reason::NoDisplay);
        assert_eq!(
            reason(opened(&display(&[("DISPLAY", ""), ("XDG_SESSION_TYPE", "tty")]))),
            Reason::NoDisplay
        );
        assert_eq!(reason(opened(&display(&[("DISPLAY", "nonsense")]))), Reason::Unreachable);
    }
}

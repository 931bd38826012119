//! Linux: the X server. Under Wayland there is no picture without the desktop portal, which is not spoken here.

mod border;
mod capture;
mod pixels;
mod server;

pub(crate) use border::Border;
pub(crate) use capture::Capture;

use crate::{Display, Error, Monitor};

pub(crate) fn monitors(display: &Display) -> Result<Vec<Monitor>, Error> {
    server::Server::connect(display)?.monitors()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Area, Border, Capture, Reason};

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

    #[test]
    fn a_wayland_session_is_unsupported_even_with_an_x_server_beside_it() {
        let by_kind = display(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "wayland")]);
        let by_socket = display(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")]);
        for session in [by_kind, by_socket] {
            assert_eq!(reason(monitors(&session)), Reason::Wayland);
            assert_eq!(reason(Capture::start(&session, Area::Whole, || {})), Reason::Wayland);
            assert_eq!(reason(Border::show(&session, Area::Whole, 0)), Reason::Wayland);
        }
    }

    #[test]
    fn without_a_display_there_is_none() {
        assert_eq!(reason(monitors(&display(&[]))), Reason::NoDisplay);
        assert_eq!(
            reason(monitors(&display(&[("DISPLAY", ""), ("XDG_SESSION_TYPE", "tty")]))),
            Reason::NoDisplay
        );
        assert_eq!(reason(monitors(&display(&[("DISPLAY", "nonsense")]))), Reason::Unreachable);
        assert_eq!(reason(monitors(&display(&[("DISPLAY", "unix/nowhere:65000")]))), Reason::Unreachable);
    }
}

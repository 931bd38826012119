//! Hands and eyes of a user, over the accessibility tree.

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use slint::{
    ComponentHandle,
    platform::{PointerEventButton, WindowEvent},
};

thread_local! {
    static TOOLKIT: () = i_slint_backend_testing::init_no_event_loop();
}

/// Sets up the toolkit for this test, which has a thread of its own.
pub(crate) fn set_up() {
    TOOLKIT.with(|()| ());
}

/// What the window told the resident.
pub(crate) mod said {
    use line::FromWindow;
    use session::UserInput;
    use std::{cell::RefCell, rc::Rc};
    use window::Tell;

    #[derive(Clone)]
    pub(crate) struct Log(Rc<RefCell<Vec<FromWindow>>>);

    impl Log {
        /// Everything told since the last call, whatever it is.
        pub(crate) fn take_all(&self) -> Vec<FromWindow> {
            self.0.take()
        }

        /// Everything told since the last call, where it is only what the user did.
        pub(crate) fn take(&self) -> Vec<UserInput> {
            let told = self.0.take().into_iter();
            told.map(|message| match message {
                FromWindow::User(input) => input,
                other => panic!("told {other:?}"),
            })
            .collect()
        }
    }

    pub(crate) fn log() -> (Tell, Log) {
        let log = Log(Rc::default());
        let told = Rc::clone(&log.0);
        (Rc::new(move |message| told.borrow_mut().push(message)), log)
    }
}

/// A user before a window.
pub(crate) struct Hands<'a, C>(pub(crate) &'a C);

impl<C: ComponentHandle + i_slint_backend_testing::ElementRoot> Hands<'_, C> {
    /// The control that is called `label`.
    pub(crate) fn find(&self, label: &str) -> ElementHandle {
        let mut found = ElementHandle::find_by_accessible_label(self.0, label);
        found
            .find(|element| element.accessible_role() != Some(AccessibleRole::Text))
            .unwrap_or_else(|| panic!("nothing is called {label:?}: {:?}", self.texts()))
    }

    /// Everything that is called `label`.
    pub(crate) fn all(&self, label: &str) -> Vec<ElementHandle> {
        ElementHandle::find_by_accessible_label(self.0, label).collect()
    }

    /// Presses it as a screen reader does.
    pub(crate) fn press(&self, label: &str) {
        self.find(label).invoke_accessible_default_action();
    }

    /// Presses it with the mouse.
    pub(crate) fn click(&self, label: &str) {
        self.find(label).mock_single_click(PointerEventButton::Left);
    }

    /// Types, one character a key.
    pub(crate) fn type_text(&self, text: &str) {
        for key in text.chars() {
            let text = slint::SharedString::from(key.to_string());
            self.0.window().dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
            self.0.window().dispatch_event(WindowEvent::KeyReleased { text });
        }
    }

    /// Whether a text with these words is on the screen.
    pub(crate) fn sees(&self, words: &str) -> bool {
        self.texts().iter().any(|text| text.contains(words))
    }

    /// Everything a screen reader can read, without the marks that isolate names.
    pub(crate) fn texts(&self) -> Vec<String> {
        let elements = ElementQuery::from_root(self.0).find_all();
        elements
            .iter()
            .filter(|element| element.computed_opacity() > 0.0)
            .filter_map(ElementHandle::accessible_label)
            .map(|label| label.replace(['\u{2066}', '\u{2068}', '\u{2069}'], "").replace('\u{a0}', " "))
            .collect()
    }
}

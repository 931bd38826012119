//! What somebody sees and presses in a page of the browser.

use crate::wait_for;
use anyhow::{Context as _, Result};
use std::time::Duration;
use virtual_desktop::{
    Desktop,
    accessibility::{Element, State},
};

/// The page in the browser on this desktop.
#[derive(Clone, Copy)]
pub struct Page<'a>(pub &'a Desktop);

impl Page<'_> {
    /// Waits for something that can be seen, whose role and name hold these texts.
    ///
    /// # Errors
    ///
    /// When there is none in time.
    pub fn find(&self, role: &str, name: &str) -> Result<Element> {
        let is_it = |element: &Element| {
            element.name().is_ok_and(|found| found.contains(name))
                && element.role().is_ok_and(|found| found.contains(role))
                && element.rect().is_ok_and(|rect| rect.width > 0 && rect.height > 0)
        };
        let found = wait_for(&format!("{role} {name:?}"), || {
            let programs = self.0.accessibility().programs()?;
            Ok(programs.iter().find_map(|program| program.find_where(is_it)))
        });
        found.with_context(|| self.0.accessibility().outline())
    }

    /// Clicks it with the real pointer.
    ///
    /// # Errors
    ///
    /// When it does not come, or moves on and on.
    pub fn click(&self, role: &str, name: &str) -> Result<()> {
        // Pages move while they load: two looks that agree are where it is.
        let place = || -> Result<_> { Ok(self.find(role, name)?.rect()?.centre()) };
        let mut last = place()?;
        let at = wait_for("the page to stand still", || {
            std::thread::sleep(Duration::from_millis(50));
            let now = place()?;
            Ok((std::mem::replace(&mut last, now) == now).then_some(now))
        })?;
        Ok(self.0.click(at)?)
    }

    /// Clicks a field and waits until it has the keyboard.
    ///
    /// # Errors
    ///
    /// As [`click`](Self::click), and when it does not get the keyboard.
    pub fn click_into(&self, role: &str, name: &str) -> Result<()> {
        self.click(role, name)?;
        let field = self.find(role, name)?;
        wait_for(&format!("{name:?} to have the keyboard"), || Ok(field.is(State::Focused)?.then_some(())))
    }

    /// Signs in to the console with the keyboard.
    ///
    /// # Errors
    ///
    /// When the page asks for no name.
    pub fn sign_in(&self, (login, password): (&str, &str)) -> Result<()> {
        self.click_into("entry", "Sign-in name")?;
        self.0.type_text(login)?;
        // Keys keep their order among themselves; a click and a key go to the page by different ways.
        self.0.press(virtual_desktop::Key::Tab)?;
        self.0.type_text(password)?;
        Ok(self.0.press(virtual_desktop::Key::Enter)?)
    }
}

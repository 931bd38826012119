//! Everything on one stage: a virtual desktop with the agent on it, the service, an operator.

use crate::{Agent, AgentOptions, DEADLINE, Operator, Service, ServiceOptions, program, wait_for};
use anyhow::{Context, Result, bail, ensure};
use protocol::{
    Permissions, RequestId, SessionId,
    operator::{RequestState, Target},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use virtual_desktop::{Desktop, Options, accessibility::Element, tray::TrayItem, windows::Window};

/// The title of the request popup.
pub const POPUP: &str = "Request to connect";
/// The title of the session window.
pub const WINDOW: &str = "On-demand Agent";

/// The stage. What it is made of ends in the order of the fields.
pub struct Stage {
    /// The agent, on the desktop.
    pub agent: Agent,
    /// The operator.
    pub operator: Operator,
    /// The service.
    pub service: Service,
    /// The desktop.
    pub desktop: Desktop,
    /// Whom the operator asks.
    pub target: Target,
}

impl Stage {
    /// A device that is ready, its window closed, on a desktop of the usual kind.
    ///
    /// # Errors
    ///
    /// When something does not start.
    pub fn device() -> Result<Self> {
        Self::device_on(Options::default())
    }

    /// A device that is ready, its window closed, on this desktop.
    ///
    /// # Errors
    ///
    /// When something does not start.
    pub fn device_on(options: Options) -> Result<Self> {
        let desktop = Desktop::start(options)?;
        let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
        Self::with_device(
            desktop,
            service,
            AgentOptions { arguments: vec!["--background".into()], ..<_>::default() },
        )
    }

    /// A device on this desktop at this service, whose organisation is pinned; `options` may say more about the agent.
    ///
    /// # Errors
    ///
    /// When something does not start.
    pub fn with_device(desktop: Desktop, service: Service, options: AgentOptions) -> Result<Self> {
        Self::with_device_of(&program("ondemand-agent")?, desktop, service, options)
    }

    /// As [`with_device`](Self::with_device), with this program for the agent.
    ///
    /// # Errors
    ///
    /// When something does not start.
    pub fn with_device_of(
        agent: &Path,
        desktop: Desktop,
        service: Service,
        options: AgentOptions,
    ) -> Result<Self> {
        let operator = service.operator()?;
        let options = AgentOptions {
            service_url: if options.service_url.is_empty() { service.url() } else { options.service_url },
            enrolment_token_file: Some(service.set_up.enrolment_token_file.clone()),
            environment: environment(&desktop),
            pinned: Some((service.set_up.organisation.to_string(), service.set_up.public_key.clone())),
            ..options
        };
        let agent = Agent::start(agent, options)?;
        let device = operator.wait_for_device().with_context(|| agent.log())?;
        let target = Target::Device(device.id);
        Ok(Self { agent, operator, service, desktop, target })
    }

    /// The operator asks.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn ask(&self, permissions: impl Into<Permissions>) -> Result<RequestId> {
        Ok(self.operator.ask(self.target.clone(), permissions)?.id)
    }

    /// Waits for the popup.
    ///
    /// # Errors
    ///
    /// When it does not appear in time.
    pub fn popup(&self) -> Result<Window> {
        self.desktop.wait_for_title(POPUP, DEADLINE).with_context(|| self.agent.log())
    }

    /// Waits until no window has this title.
    ///
    /// # Errors
    ///
    /// When it stays.
    pub fn wait_until_gone(&self, title: &str) -> Result<()> {
        wait_for(&format!("{title:?} to go"), || {
            let there = self.desktop.windows()?.iter().any(|window| window.mapped && window.title == title);
            Ok((!there).then_some(()))
        })
    }

    /// Waits until a press of *Approve* counts.
    ///
    /// # Errors
    ///
    /// When it never does.
    pub fn wait_until_approvable(&self) -> Result<()> {
        self.agent
            .wait_for_status("a popup that can be approved", |status| {
                status["view"]["prompt"]["approvable"] == true
            })
            .map(drop)
    }

    /// A button whose name starts with `name`.
    ///
    /// # Errors
    ///
    /// When there is none in time.
    pub fn button(&self, name: &str) -> Result<Element> {
        self.named(name, &["button"])
    }

    /// A button, switch, check box or tab whose name starts with `name`, and not the words that are drawn in it.
    ///
    /// # Errors
    ///
    /// When there is none in time.
    pub fn control(&self, name: &str) -> Result<Element> {
        self.named(name, &["button", "check", "switch", "tab"])
    }

    /// Presses a [`Stage::control`] through the accessibility tree.
    ///
    /// # Errors
    ///
    /// When there is none in time, or it takes no press.
    pub fn press(&self, name: &str) -> Result<()> {
        ensure!(self.control(name)?.activate()?, "{name:?} cannot be pressed");
        Ok(())
    }

    /// Something whose name starts with `name`, and whose role holds one of `roles`.
    ///
    /// # Errors
    ///
    /// When there is none in time.
    pub fn named(&self, name: &str, roles: &[&str]) -> Result<Element> {
        let is_it = |element: &Element| {
            element.role().is_ok_and(|role| roles.iter().any(|one| role.contains(one)))
                && element.name().is_ok_and(|found| found.starts_with(name))
        };
        let found = wait_for(&format!("the {} {name:?}", roles.join(" or ")), || {
            let programs = self.desktop.accessibility().programs()?;
            Ok(programs.iter().find_map(|program| program.find_where(is_it)))
        });
        found.with_context(|| self.desktop.accessibility().outline())
    }

    /// A field to write in whose name holds `name`, whatever the letters' case.
    ///
    /// # Errors
    ///
    /// When there is none in time.
    pub fn field(&self, name: &str) -> Result<Element> {
        let is_it = |element: &Element| {
            element.role().is_ok_and(|role| role == "entry" || role == "text")
                && element.name().is_ok_and(|found| found.to_lowercase().contains(name))
        };
        let found = wait_for(&format!("the field {name:?}"), || {
            let programs = self.desktop.accessibility().programs()?;
            Ok(programs.iter().find_map(|program| program.find_where(is_it)))
        });
        found.with_context(|| self.desktop.accessibility().outline())
    }

    /// Waits for something whose name holds `text`.
    ///
    /// # Errors
    ///
    /// When there is none in time.
    pub fn text(&self, text: &str) -> Result<Element> {
        let is_it = |element: &Element| element.name().is_ok_and(|found| found.contains(text));
        let found = wait_for(&format!("the text {text:?}"), || {
            let programs = self.desktop.accessibility().programs()?;
            Ok(programs.iter().find_map(|program| program.find_where(is_it)))
        });
        found.with_context(|| self.desktop.accessibility().outline())
    }

    /// Clicks a button with the real pointer.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn click(&self, name: &str) -> Result<()> {
        // What has just appeared may still move: two looks in a row that agree are where it is.
        let mut last = None;
        let rect = wait_for(&format!("the button {name:?} to stand still"), || {
            let rect = self.button(name)?.rect()?;
            Ok((last.replace(rect) == Some(rect)).then_some(rect))
        })?;
        Ok(self.desktop.click(rect.centre())?)
    }

    /// Clicks into something and waits until its window has the keyboard.
    ///
    /// # Errors
    ///
    /// When it does not get it.
    pub fn click_into(&self, element: &Element, title: &str) -> Result<()> {
        self.desktop.click(element.rect()?.centre())?;
        wait_for(&format!("{title:?} to have the keyboard"), || {
            Ok(self.desktop.focused()?.filter(|focused| focused.title == title).map(|_| ()))
        })
    }

    /// Asks, waits until the press counts, clicks *Approve* with the real pointer, and waits for the session.
    ///
    /// # Errors
    ///
    /// When any of it fails.
    pub fn session(&self, permissions: impl Into<Permissions>) -> Result<SessionId> {
        let request = self.ask(permissions)?;
        self.popup()?;
        self.wait_until_approvable()?;
        self.click("Approve")?;
        let session = self.operator.wait_for_approval(&request).with_context(|| self.surroundings())?;
        self.wait_for_session_window()?;
        Ok(session)
    }

    /// Waits until the session runs and its window, which opens by itself, is on the screen: a window that appears takes a
    /// click that was meant for a menu.
    ///
    /// # Errors
    ///
    /// When it does not in time.
    pub fn wait_for_session_window(&self) -> Result<()> {
        self.wait_for_screen("session")?;
        self.desktop.wait_for_title(WINDOW, DEADLINE).with_context(|| self.agent.log())?;
        Ok(())
    }

    /// Waits until the agent shows this screen.
    ///
    /// # Errors
    ///
    /// When it does not in time.
    pub fn wait_for_screen(&self, screen: &str) -> Result<()> {
        self.agent
            .wait_for_status(&format!("the screen {screen}"), |status| {
                status["view"]["screen"]["screen"] == screen
            })
            .map(drop)
    }

    /// Waits until the operator reads how a request ended.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn outcome(&self, request: &RequestId) -> Result<RequestState> {
        let open = |state: &RequestState| {
            matches!(state, RequestState::Sent | RequestState::NotReached | RequestState::Shown)
        };
        self.operator.wait_for_state(request, |state| !open(state)).with_context(|| self.agent.log())
    }

    /// Watches that something stays so for this long.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn stays(&self, so: impl Fn() -> Result<bool>, during: Duration) -> Result<()> {
        let until = Instant::now() + during;
        while Instant::now() < until {
            if !so()? {
                bail!("it did not stay so");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Watches that a request has no outcome for this long.
    ///
    /// # Errors
    ///
    /// When it has one.
    pub fn stays_open(&self, request: &RequestId, during: Duration) -> Result<()> {
        let until = Instant::now() + during;
        while Instant::now() < until {
            let state = self.operator.request(request)?.state;
            if !matches!(state, RequestState::Sent | RequestState::NotReached | RequestState::Shown) {
                bail!("the request ended: {state:?}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// The agent's tray icon as it is now.
    ///
    /// # Errors
    ///
    /// When there is none in time.
    pub fn tray_icon(&self) -> Result<TrayItem> {
        Ok(self.desktop.tray().wait_for("the agent's tray icon", DEADLINE, |_| true)?)
    }

    /// Chooses an entry of the tray menu with the real pointer.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn click_menu(&self, label: &str) -> Result<()> {
        Ok(self.desktop.tray().click_menu(&self.tray_icon()?, label, DEADLINE)?)
    }

    /// The texts of the tray menu.
    ///
    /// # Errors
    ///
    /// When there is no tray icon.
    pub fn menu(&self) -> Result<Vec<String>> {
        let menu = self.desktop.tray().menu(&self.tray_icon()?)?;
        Ok(menu.into_iter().filter(|item| !item.separator).map(|item| item.label).collect())
    }

    /// The access process, if one lives.
    pub fn access_process(&self) -> Option<u32> {
        self.agent.children("access").first().copied()
    }

    /// Waits until an access process lives, or none does.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_access(&self, alive: bool) -> Result<()> {
        let what = if alive { "an access process" } else { "the access process's end" };
        let waited = wait_for(what, || Ok((self.access_process().is_some() == alive).then_some(())));
        waited.with_context(|| self.surroundings())
    }

    /// What is there, for a failed test to show.
    pub fn surroundings(&self) -> String {
        let (windows, pointer) = (self.desktop.windows(), self.desktop.pointer());
        let approve = self.button("Approve").and_then(|button| Ok(button.rect()?));
        let outline = self.desktop.accessibility().outline();
        format!(
            "{:?}\n{windows:#?}\npointer {pointer:?}, Approve {approve:?}\n{outline}\n{}",
            self.agent.status(),
            self.agent.log()
        )
    }
}

/// A desktop's variables, for a program on it.
pub fn environment(desktop: &Desktop) -> Vec<(String, String)> {
    desktop.env().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// A moment in which something that must not happen would have happened: two seconds, the longest any effect of a press
/// or an event takes here.
pub const A_MOMENT: Duration = Duration::from_secs(2);
